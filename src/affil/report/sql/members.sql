-- The institutions with most adjusted publications in each country.
-- Reads credit, slice, place, holder; variable listed.
-- Makes id, institution, adjusted: one row per country and institution.
SELECT id, institution, adjusted
FROM (
    SELECT place.id, holder.institution, sum(slice.weight * CAST(credit.credit AS DOUBLE) ORDER BY slice.weight * CAST(credit.credit AS DOUBLE)) AS adjusted
    FROM credit
    JOIN slice USING (cell)
    JOIN place USING (holder)
    JOIN holder USING (holder)
    WHERE credit.counted
    GROUP BY place.id, holder.institution
)
QUALIFY row_number() OVER (PARTITION BY id ORDER BY adjusted DESC, institution) <= getvariable('listed')
ORDER BY id, adjusted DESC, institution;
