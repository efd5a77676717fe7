-- Geometric mean, over the areas of the slice, of the adjusted publications in the area plus the offset.
-- A venue's credit is split over its areas (venue_area.share); an area without any counts as the offset alone.
WITH in_area AS (
    SELECT place.id, venue_area.area, sum(CAST(credit * venue_area.share AS DECIMAL(38, 15))) AS adjusted
    FROM credit
    JOIN place USING (institution)
    JOIN venue_area USING (venue)
    GROUP BY place.id, venue_area.area
),
every_area AS (
    SELECT entity.id, area.area, coalesce(CAST(in_area.adjusted AS DOUBLE), 0) + getvariable('area_offset') AS value
    FROM (SELECT DISTINCT place.id FROM credit JOIN place USING (institution)) AS entity
    CROSS JOIN area
    LEFT JOIN in_area ON in_area.id = entity.id AND in_area.area = area.area
)
SELECT id, CASE WHEN min(value) = 0 THEN 0 ELSE exp(sum(ln(nullif(value, 0)) ORDER BY area) / count(*)) END AS index
FROM every_area
GROUP BY id;
