-- Credit of each entity by year.
-- Reads holding, slice, credit, place.
-- Makes id, year, publications, authors, adjusted: one row per entity and year.
WITH held AS (
    SELECT id, year, count(*) AS publications, sum(weight * CAST(credit AS DOUBLE) ORDER BY weight * CAST(credit AS DOUBLE)) AS adjusted
    FROM holding
    JOIN slice USING (venue, year)
    GROUP BY id, year
),
people AS (
    SELECT id, year, count(author) AS authors
    FROM (
        SELECT DISTINCT place.id, credit.year, credit.author
        FROM credit
        JOIN slice USING (venue, year)
        JOIN place USING (institution, stated)
        WHERE credit.counted
    )
    GROUP BY id, year
)
SELECT id, year, publications, coalesce(authors, 0) AS authors, adjusted
FROM held
LEFT JOIN people USING (id, year)
ORDER BY id, year;
