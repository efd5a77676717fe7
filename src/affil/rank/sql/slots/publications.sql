-- Whole count of each slot, a set of venues and years that is counted by itself: a year, or what of it another year has too.
-- Reads entity_cell, slot.
-- Makes slot, id, value: a row a slot and entity.
SELECT slot, id, CAST(sum(publications) AS DOUBLE) AS value
FROM entity_cell
JOIN slot USING (cell)
GROUP BY slot, id;
