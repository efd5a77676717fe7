-- The adjusted publications of each slot that count for somebody, with or without a place.
-- Reads credit, slot, slice.
-- Makes slot, counted: a row a slot.
SELECT slot, sum(weight * credit ORDER BY venue, year) AS counted
FROM (SELECT venue, year, CAST(sum(credit) AS DOUBLE) AS credit FROM credit WHERE counted GROUP BY venue, year)
JOIN slot USING (venue, year)
JOIN slice USING (venue, year)
GROUP BY slot;
