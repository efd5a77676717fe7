-- Credit of each entity in the papers of the venues and years that changed.
-- Reads holding, slice, touched, paper_id.
-- Makes id, venue, year, paper, credit: one row per entity and paper.
SELECT holding.id, slice.venue, slice.year, paper_id.id AS paper, slice.weight * CAST(holding.credit AS DOUBLE) AS credit
FROM holding
JOIN slice USING (cell)
JOIN paper_id USING (paper)
SEMI JOIN touched ON touched.venue = slice.venue AND touched.year = slice.year;
