-- The institutions with most adjusted publications in each country.
-- Reads credit, slice, place; variable listed.
-- Makes id, institution, adjusted: one row per country and institution.
SELECT id, institution, adjusted
FROM (
    SELECT place.id, credit.institution, sum(slice.weight * CAST(credit.credit AS DOUBLE) ORDER BY slice.weight * CAST(credit.credit AS DOUBLE)) AS adjusted
    FROM credit
    JOIN slice USING (venue, year)
    JOIN place USING (institution, stated)
    WHERE credit.counted
    GROUP BY place.id, credit.institution
)
QUALIFY row_number() OVER (PARTITION BY id ORDER BY adjusted DESC, institution) <= getvariable('listed')
ORDER BY id, adjusted DESC, institution;
