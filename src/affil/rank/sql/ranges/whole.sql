-- For each entity, the sets of pairs any of which gives it a paper (or author), and the number of papers with that set.
-- Reads credit, slice, pair, seat.
-- Makes entity, pairs, weight: one row per entity and set of pairs.
WITH naming AS (
    SELECT DISTINCT entity, {key}, pair
    FROM credit
    SEMI JOIN slice USING (cell)
    JOIN pair USING (string, holder)
    JOIN seat USING (holder)
    WHERE {key} IS NOT NULL
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
