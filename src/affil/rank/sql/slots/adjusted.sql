-- Adjusted publications of each slot.
-- Reads entity_cell, slot, slice.
-- Makes slot, id, value: a row a slot and entity.
SELECT slot, id, sum(weight * credit ORDER BY cell) AS value
FROM entity_cell
JOIN slot USING (cell)
JOIN slice USING (cell)
GROUP BY slot, id;
