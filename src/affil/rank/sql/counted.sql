-- The adjusted publications credited to any institution, and the part of them without a place at this level.
-- Reads credit, slice, placed.
-- Makes counted, unplaced: one row.
SELECT
    coalesce(sum(weight * credit ORDER BY venue, year, placed), 0) AS counted,
    coalesce(sum(weight * credit ORDER BY venue, year) FILTER (NOT placed), 0) AS unplaced
FROM (
    SELECT venue, year, (institution, stated) IN (SELECT (institution, stated) FROM placed) AS placed, CAST(sum(credit) AS DOUBLE) AS credit
    FROM credit
    SEMI JOIN slice USING (venue, year)
    WHERE counted
    GROUP BY ALL
)
JOIN slice USING (venue, year);
