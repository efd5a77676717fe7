-- Geometric mean over the areas of each slot; see index.sql of a single ranking.
-- Reads entity_cell, slot, slice_area, area; variable area_offset.
-- Makes slot, id, value: a row a slot and entity.
WITH in_area AS (
    SELECT slot, id, area, sum(weight * credit ORDER BY cell) AS adjusted
    FROM entity_cell
    JOIN slot USING (cell)
    JOIN slice_area USING (cell)
    GROUP BY slot, id, area
),
every_area AS (
    SELECT entity.slot, entity.id, area.area, area.weight, coalesce(in_area.adjusted, 0) + getvariable('area_offset') AS value
    FROM (SELECT DISTINCT slot, id FROM entity_cell JOIN slot USING (cell)) AS entity
    CROSS JOIN area
    LEFT JOIN in_area ON in_area.slot = entity.slot AND in_area.id = entity.id AND in_area.area = area.area
)
SELECT slot, id, CASE WHEN min(value) = 0 THEN 0 ELSE exp(sum(weight * ln(nullif(value, 0)) ORDER BY area) / sum(weight)) END AS value
FROM every_area
WHERE weight > 0
GROUP BY slot, id;
