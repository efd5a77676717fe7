-- Adjusted publications: the sum of fractional credit.
SELECT place.id, CAST(sum(credit) AS DOUBLE) AS adjusted
FROM credit
JOIN place USING (institution)
GROUP BY place.id;
