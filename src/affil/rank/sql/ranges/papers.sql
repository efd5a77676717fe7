-- The pairs that name an institution in each paper.
-- Reads credit, slice, pair, drawn_string, holder.
-- Makes venue, year, pairs: one row per paper.
SELECT venue, year, list_sort(list(DISTINCT pair.pair)) AS pairs
FROM credit
JOIN slice USING (venue, year)
JOIN drawn_string USING (affiliation)
JOIN holder USING (institution, stated)
JOIN pair USING (string, holder)
GROUP BY venue, year, paper
ORDER BY venue, year, pairs;
