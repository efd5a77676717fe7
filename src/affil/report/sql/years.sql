-- Credit of each entity by year.
-- Reads holding, slice, credit, place.
-- Makes id, year, publications, authors, adjusted: one row per entity and year.
WITH held AS (
    SELECT id, year, count(*) AS publications, sum(weight * CAST(credit AS DOUBLE) ORDER BY weight * CAST(credit AS DOUBLE)) AS adjusted
    FROM holding
    JOIN slice USING (cell)
    GROUP BY id, year
),
people AS (
    SELECT id, year, count(author) AS authors
    FROM (
        SELECT DISTINCT place.id, slice.year, credit.author
        FROM credit
        JOIN slice USING (cell)
        JOIN place USING (holder)
        WHERE credit.counted
    )
    GROUP BY id, year
)
SELECT id, year, publications, coalesce(authors, 0) AS authors, adjusted
FROM held
LEFT JOIN people USING (id, year)
ORDER BY id, year;
