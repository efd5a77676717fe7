-- Credit of each entity in papers that may have changed.
-- Reads holding, slice, changed, paper_id.
-- Makes id, venue, year, paper, credit: one row per entity and paper.
SELECT holding.id, slice.venue, slice.year, paper_id.id AS paper, slice.weight * CAST(holding.credit AS DOUBLE) AS credit
FROM holding
JOIN slice USING (cell)
JOIN paper_id USING (paper)
SEMI JOIN changed ON changed.paper = paper_id.id;
