-- The pairs that give an institution an author, with the venues and years in which they do.
-- Reads credit, slice, pair, drawn_string, holder.
-- Makes author, pair, venue, year: one row per author, pair, venue and year.
SELECT DISTINCT author, pair.pair, venue, year
FROM credit
JOIN slice USING (venue, year)
JOIN drawn_string USING (affiliation)
JOIN holder USING (institution, stated)
JOIN pair USING (string, holder)
WHERE author IS NOT NULL
ORDER BY author, pair.pair, venue, year;
