-- The pairs that name an institution in each paper.
-- Reads credit, slice, pair.
-- Makes venue, year, pairs: one row per paper.
SELECT venue, year, pairs
FROM (
    SELECT cell, list_sort(list(DISTINCT pair.pair)) AS pairs
    FROM credit
    JOIN pair USING (string, holder)
    GROUP BY cell, paper
)
JOIN slice USING (cell)
ORDER BY cell, pairs;
