-- For each entity, the sets of pairs any of which gives it an author, and the number of authors with that set.
-- Reads credit, slice, pair, place, ranked; variable kind.
-- Makes entity, pairs, weight: one row per entity and set of pairs.
WITH naming AS (
    SELECT ranked.entity, credit.author, pair.pair
    FROM credit
    JOIN slice USING (venue, year)
    JOIN pair USING (affiliation, institution, stated)
    JOIN place USING (institution, stated)
    JOIN ranked ON ranked.id = place.id
    WHERE author IS NOT NULL AND (getvariable('kind') IS NULL OR place.kind = getvariable('kind'))
),
one AS (
    SELECT entity, author, min(pair) AS pair, min(pair) = max(pair) AS alone FROM naming GROUP BY entity, author
)
SELECT entity, pairs, count(*) AS weight
FROM (
    SELECT entity, [pair] AS pairs FROM one WHERE alone
    UNION ALL
    SELECT entity, list_sort(list(DISTINCT naming.pair))
    FROM naming
    SEMI JOIN (FROM one WHERE NOT alone) USING (entity, author)
    GROUP BY entity, author
)
GROUP BY entity, pairs
ORDER BY entity, pairs;
