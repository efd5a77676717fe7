-- The sets of strings of authors (or unaligned papers) in each venue and year, and the parts of papers with each set.
-- Reads credit, slice, drawn_string.
-- Makes strings, venue, year, part: one row per set, venue and year.
SELECT strings, venue, year, CAST(sum(part) AS DOUBLE) AS part
FROM (
    SELECT list_sort(list(DISTINCT drawn_string.string)) AS strings, venue, year, sum(credit) AS part
    FROM credit
    JOIN slice USING (venue, year)
    JOIN drawn_string USING (affiliation)
    WHERE several
    GROUP BY venue, year, paper, position
    UNION ALL
    SELECT [drawn_string.string], venue, year, sum(credit)
    FROM credit
    JOIN slice USING (venue, year)
    JOIN drawn_string USING (affiliation)
    WHERE NOT several
    GROUP BY drawn_string.string, venue, year
)
GROUP BY strings, venue, year
ORDER BY venue, year, strings;
