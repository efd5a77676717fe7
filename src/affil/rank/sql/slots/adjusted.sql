-- Adjusted publications of each slot.
-- Reads holding, slot, slice.
-- Makes slot, id, value: a row a slot and entity.
SELECT slot, id, sum(weight * credit ORDER BY venue, year) AS value
FROM (SELECT id, venue, year, CAST(sum(credit) AS DOUBLE) AS credit FROM holding GROUP BY id, venue, year)
JOIN slot USING (venue, year)
JOIN slice USING (venue, year)
GROUP BY slot, id;
