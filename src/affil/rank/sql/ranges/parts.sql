-- The sets of strings of authors (or unaligned papers), and the total weight of the parts with each set.
-- Reads credit, slice, drawn_string, and the areas or the slice again.
-- Makes strings and their weights: one row per set of strings.
WITH held AS (
    SELECT [drawn_string.string] AS strings, venue, year, CAST(sum(credit) AS DOUBLE) AS part
    FROM credit
    JOIN slice USING (venue, year)
    JOIN drawn_string USING (affiliation)
    WHERE NOT several
    GROUP BY drawn_string.string, venue, year
    UNION ALL
    SELECT list_sort(list(DISTINCT drawn_string.string)), venue, year, CAST(sum(credit) AS DOUBLE)
    FROM credit
    JOIN slice USING (venue, year)
    JOIN drawn_string USING (affiliation)
    WHERE several
    GROUP BY venue, year, paper, position
)
SELECT strings, {weights}
FROM held
JOIN {areas} USING (venue, year)
GROUP BY strings
ORDER BY strings;
