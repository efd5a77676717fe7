-- The adjusted publications credited to any institution, and the part of them without a place at this level.
-- Reads credited, slice.
-- Makes counted, unplaced: one row.
SELECT
    coalesce(sum(weight * credit ORDER BY cell, placed), 0) AS counted,
    coalesce(sum(weight * credit ORDER BY cell) FILTER (NOT placed), 0) AS unplaced
FROM credited
JOIN slice USING (cell);
