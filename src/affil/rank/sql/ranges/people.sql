-- The pairs that give an institution an author, with the venues and years in which they do.
-- Reads credit, slice, pair.
-- Makes author, pair, venue, year: one row per author, pair, venue and year.
SELECT author, pair, venue, year
FROM (SELECT DISTINCT author, pair.pair, cell FROM credit JOIN pair USING (string, holder) WHERE author IS NOT NULL)
JOIN slice USING (cell)
ORDER BY author, pair, cell;
