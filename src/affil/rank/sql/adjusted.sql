-- Adjusted publications: the parts that the entity holds, times the weight of the venue.
-- Reads holding, slice.
-- Makes id, adjusted: one row per entity.
SELECT id, sum(weight * credit ORDER BY cell) AS adjusted
FROM (SELECT id, cell, CAST(sum(credit) AS DOUBLE) AS credit FROM holding GROUP BY id, cell)
JOIN slice USING (cell)
GROUP BY id;
