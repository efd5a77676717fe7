-- The pairs that name an institution in each paper.
-- Reads credit, slice, pair.
-- Makes venue, year, pairs: one row per paper.
SELECT venue, year, list_sort(list(DISTINCT pair.pair)) AS pairs
FROM credit
JOIN slice USING (venue, year)
JOIN pair USING (affiliation, institution, stated)
GROUP BY venue, year, paper
ORDER BY venue, year, pairs;
