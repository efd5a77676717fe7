-- The strings in review behind the moves of rows, most mentioned first, so many of each.
-- Reads moved (row, entity: whose strings move it), adding (entity, pair), pair; parameter: how many.
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
