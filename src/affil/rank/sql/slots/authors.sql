-- Distinct normalised author names of each slot.
-- Reads credit, slot, place, entity_cell; variable kind.
-- Makes slot, id, value: a row a slot and entity with papers.
WITH people AS (
    SELECT slot, place.id, count(DISTINCT credit.author) AS authors
    FROM credit
    JOIN slot USING (cell)
    JOIN place USING (holder)
    WHERE credit.counted AND (getvariable('kind') IS NULL OR place.kind = getvariable('kind'))
    GROUP BY slot, place.id
)
SELECT slot, id, CAST(coalesce(authors, 0) AS DOUBLE) AS value
FROM (SELECT DISTINCT slot, id FROM entity_cell JOIN slot USING (cell))
LEFT JOIN people USING (slot, id);
