-- The sets of strings that an author (or a paper that is not aligned) has, and the weight of all parts that stand on such a set.
SELECT strings, {weights}
FROM (
    SELECT venue, year, list_sort(list(DISTINCT string)) AS strings, CAST(sum(credit) AS DOUBLE) AS part
    FROM credit
    JOIN slice USING (venue, year)
    JOIN drawn_string USING (affiliation)
    GROUP BY venue, year, paper, position
)
JOIN {areas} USING (venue, year)
GROUP BY strings
ORDER BY strings;
