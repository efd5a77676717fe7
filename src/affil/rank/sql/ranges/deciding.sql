-- The strings in review behind the moves of rows, most mentioned first, so many of each.
-- Reads moved (row, entity: whose strings move it), adding (entity, pair), pair, credit, slice; parameter: how many.
-- Makes row, strings: one row per row that moves.
WITH mentioned AS (
    SELECT pair.pair, count(DISTINCT (credit.venue, credit.year, credit.paper, coalesce(credit.position, -1))) AS mentions
    FROM (SELECT DISTINCT pair FROM adding SEMI JOIN moved USING (entity)) AS one
    JOIN pair USING (pair)
    JOIN credit USING (affiliation, institution, stated)
    JOIN slice USING (venue, year)
    GROUP BY pair.pair
)
SELECT row, list(affiliation ORDER BY mentions DESC, affiliation)[:?] AS strings
FROM (
    SELECT moved.row, pair.affiliation, max(mentions) AS mentions
    FROM moved
    JOIN adding USING (entity)
    JOIN mentioned USING (pair)
    JOIN pair USING (pair)
    GROUP BY ALL
)
GROUP BY row;
