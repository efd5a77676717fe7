-- Adjusted publications: the parts that the entity holds, times the weight of the venue.
-- Reads holding, slice.
-- Makes id, adjusted: one row per entity.
SELECT id, sum(weight * credit ORDER BY venue, year) AS adjusted
FROM (SELECT id, venue, year, CAST(sum(credit) AS DOUBLE) AS credit FROM holding GROUP BY id, venue, year)
JOIN slice USING (venue, year)
GROUP BY id;
