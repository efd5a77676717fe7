-- The share of counted credit whose institution has no place at this level.
SELECT coalesce(CAST(sum(credit) FILTER (place.id IS NULL) AS DOUBLE) / nullif(CAST(sum(credit) AS DOUBLE), 0), 0) AS unplaced
FROM credit
LEFT JOIN place USING (institution);
