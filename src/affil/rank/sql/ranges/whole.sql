-- For each entity, the sets of pairs any of which gives it a paper (or author), and the number of papers with that set.
-- Reads credit, slice, pair, seat.
-- Makes entity, pairs, weight: one row per entity and set of pairs.
WITH claim AS (
    SELECT paper, position, author, several, holder, pair.* EXCLUDE (string, holder)
    FROM credit
    SEMI JOIN slice USING (cell)
    JOIN pair USING (string, holder)
    WHERE {key} IS NOT NULL
),
-- an institution that several strings of an author name is one claim, as the holder that counts (see ../credit.sql)
held AS (
    SELECT {key}, pair, holder FROM claim WHERE NOT several
    UNION ALL
    SELECT {key}, pair, first(holder) OVER (PARTITION BY paper, position, institution ORDER BY review, NOT told, pair) AS holder
    FROM claim
    WHERE several
),
naming AS (
    SELECT DISTINCT entity, {key}, pair FROM held JOIN seat USING (holder)
),
one AS (
    SELECT entity, {key}, min(pair) AS pair, min(pair) = max(pair) AS alone FROM naming GROUP BY entity, {key}
)
SELECT entity, pairs, count(*) AS weight
FROM (
    SELECT entity, [pair] AS pairs FROM one WHERE alone
    UNION ALL
    SELECT entity, list_sort(list(naming.pair))
    FROM naming
    SEMI JOIN (FROM one WHERE NOT alone) USING (entity, {key})
    GROUP BY entity, {key}
)
GROUP BY entity, pairs
ORDER BY entity, pairs;
