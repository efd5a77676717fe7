-- Adjusted publications: the parts that the entity holds, times the weight of the venue.
-- Reads entity_cell, slice.
-- Makes id, adjusted: one row per entity.
SELECT id, sum(weight * credit ORDER BY cell) AS adjusted
FROM entity_cell
JOIN slice USING (cell)
GROUP BY id;
