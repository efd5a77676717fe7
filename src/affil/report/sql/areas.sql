-- Credit of each entity by area: whole papers, and its part of them.
-- Reads holding, slice_area.
-- Makes id, area, publications, adjusted: one row per entity and area.
SELECT id, area, sum(papers) AS publications, sum(weight * credit ORDER BY cell) AS adjusted
FROM (SELECT id, cell, count(*) AS papers, CAST(sum(credit) AS DOUBLE) AS credit FROM holding GROUP BY id, cell)
JOIN slice_area USING (cell)
GROUP BY id, area
ORDER BY id, area;
