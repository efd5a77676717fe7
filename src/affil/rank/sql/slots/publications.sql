-- Whole count of each slot, a set of venues and years that is counted by itself: a year, or what of it another year has too.
-- Reads holding, slot.
-- Makes slot, id, value: a row a slot and entity.
SELECT slot, id, CAST(count(*) AS DOUBLE) AS value
FROM holding
JOIN slot USING (cell)
GROUP BY slot, id;
