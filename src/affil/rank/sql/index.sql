-- Geometric mean, over the areas of the slice, of the adjusted publications in the area plus an offset. A venue's credit is
-- split over its areas (slice_area.weight); an area without publications counts as the offset alone; areas may have different
-- weights.
-- Reads entity_cell, slice_area, area; variable area_offset.
-- Makes id, index: one row per entity.
WITH in_area AS (
    SELECT id, area, sum(weight * credit ORDER BY cell) AS adjusted
    FROM entity_cell
    JOIN slice_area USING (cell)
    GROUP BY id, area
),
every_area AS (
    SELECT entity.id, area.area, area.weight, coalesce(in_area.adjusted, 0) + getvariable('area_offset') AS value
    FROM (SELECT DISTINCT id FROM entity_cell) AS entity
    CROSS JOIN area
    LEFT JOIN in_area ON in_area.id = entity.id AND in_area.area = area.area
)
SELECT id, CASE WHEN min(value) = 0 THEN 0 ELSE exp(sum(weight * ln(nullif(value, 0)) ORDER BY area) / sum(weight)) END AS index
FROM every_area
WHERE weight > 0
GROUP BY id;
