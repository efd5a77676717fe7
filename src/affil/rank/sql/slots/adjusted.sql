-- Adjusted publications of each slot.
-- Reads holding, slot, slice.
-- Makes slot, id, value: a row a slot and entity.
SELECT slot, id, sum(weight * credit ORDER BY cell) AS value
FROM (SELECT id, cell, CAST(sum(credit) AS DOUBLE) AS credit FROM holding GROUP BY id, cell)
JOIN slot USING (cell)
JOIN slice USING (cell)
GROUP BY slot, id;
