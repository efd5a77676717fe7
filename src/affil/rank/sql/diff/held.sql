-- Credit of each entity in the papers of the venues and years that changed.
-- Reads holding, slice, touched.
-- Makes id, venue, year, paper, credit: one row per entity and paper.
SELECT id, venue, year, paper, weight * CAST(credit AS DOUBLE) AS credit
FROM holding
JOIN slice USING (venue, year)
SEMI JOIN touched USING (venue, year);
