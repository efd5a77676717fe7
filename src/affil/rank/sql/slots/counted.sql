-- The adjusted publications of each slot that count for somebody, with or without a place.
-- Reads credit, slot, slice.
-- Makes slot, counted: a row a slot.
SELECT slot, sum(weight * credit ORDER BY cell) AS counted
FROM (SELECT cell, CAST(sum(credit) AS DOUBLE) AS credit FROM credit WHERE counted GROUP BY cell)
JOIN slot USING (cell)
JOIN slice USING (cell)
GROUP BY slot;
