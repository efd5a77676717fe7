-- The strings in review behind the moves of rows, most mentioned first; the statement's parameter says how many of each. A row of `moved`
-- names the entity whose strings move it. Reads moved, adding, pair.
-- Makes row, strings: one row per row that moves.
WITH own AS (
    SELECT entity, affiliation, max(mentions) AS mentions
    FROM adding
    SEMI JOIN moved USING (entity)
    JOIN pair USING (pair)
    GROUP BY entity, affiliation
    QUALIFY row_number() OVER (PARTITION BY entity ORDER BY max(mentions) DESC, affiliation) <= $1
)
SELECT row, list(affiliation ORDER BY mentions DESC, affiliation)[:$1] AS strings
FROM (
    SELECT moved.row, own.affiliation, max(own.mentions) AS mentions
    FROM moved
    JOIN own USING (entity)
    GROUP BY ALL
)
GROUP BY row;
