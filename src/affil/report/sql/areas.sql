-- What each entity holds in each area: whole papers, and its part of them.
-- Reads holding, slice_area.
-- Makes id, area, publications, adjusted: a row an entity and area.
SELECT id, area, sum(papers) AS publications, sum(weight * credit ORDER BY venue, year) AS adjusted
FROM (SELECT id, venue, year, count(*) AS papers, CAST(sum(credit) AS DOUBLE) AS credit FROM holding GROUP BY id, venue, year)
JOIN slice_area USING (venue, year)
GROUP BY id, area
ORDER BY id, area;
