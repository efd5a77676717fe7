-- Credit of each entity by area: whole papers, and its part of them.
-- Reads holding, slice_area.
-- Makes id, area, publications, adjusted: one row per entity and area.
SELECT id, area, sum(papers) AS publications, sum(weight * credit ORDER BY venue, year) AS adjusted
FROM (SELECT id, venue, year, count(*) AS papers, CAST(sum(credit) AS DOUBLE) AS credit FROM holding GROUP BY id, venue, year)
JOIN slice_area USING (venue, year)
GROUP BY id, area
ORDER BY id, area;
