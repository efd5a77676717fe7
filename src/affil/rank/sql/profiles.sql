-- What entities hold of each area, and what they would hold if in every year their share of each area were their share of that year's
-- areas together: the share of each year, weighted by the area's credit of the year. The statement's parameter lists the entities.
-- Reads entity_cell, credit, slice_area.
-- Makes id, area, share, expected: one row per entity and area with credit.
WITH world AS (
    SELECT area, year, sum(weight * credit ORDER BY venue) AS credit
    FROM (SELECT cell, CAST(sum(credit) AS DOUBLE) AS credit FROM credit WHERE counted GROUP BY cell)
    JOIN slice_area USING (cell)
    GROUP BY area, year
),
own AS (
    SELECT id, area, year, sum(weight * credit ORDER BY venue) AS credit
    FROM (SELECT * FROM entity_cell WHERE id IN (SELECT unnest($1)))
    JOIN slice_area USING (cell)
    GROUP BY id, area, year
),
of_year AS (
    SELECT id, year, own.credit / world.credit AS share
    FROM (SELECT id, year, sum(credit ORDER BY area) AS credit FROM own GROUP BY id, year) AS own
    JOIN (SELECT year, sum(credit ORDER BY area) AS credit FROM world GROUP BY year HAVING sum(credit) > 0) AS world USING (year)
)
SELECT entity.id, world.area,
    coalesce(sum(own.credit ORDER BY world.year), 0) / sum(world.credit ORDER BY world.year) AS share,
    coalesce(sum(world.credit * of_year.share ORDER BY world.year), 0) / sum(world.credit ORDER BY world.year) AS expected
FROM (SELECT DISTINCT id FROM own) AS entity
CROSS JOIN world
LEFT JOIN own ON own.id = entity.id AND own.area = world.area AND own.year = world.year
LEFT JOIN of_year ON of_year.id = entity.id AND of_year.year = world.year
GROUP BY entity.id, world.area
HAVING sum(world.credit) > 0
ORDER BY entity.id, world.area;
