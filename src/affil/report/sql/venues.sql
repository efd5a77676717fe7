-- Credit of each entity by venue.
-- Reads holding, slice.
-- Makes id, venue, publications, adjusted: one row per entity and venue.
SELECT id, venue, count(*) AS publications, sum(weight * CAST(credit AS DOUBLE) ORDER BY weight * CAST(credit AS DOUBLE)) AS adjusted
FROM holding
JOIN slice USING (cell)
GROUP BY id, venue
ORDER BY id, adjusted DESC, venue;
