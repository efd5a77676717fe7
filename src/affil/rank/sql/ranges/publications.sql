-- For each entity, the sets of pairs any of which gives it a paper, and the number of papers with that set.
-- Reads credit, slice, pair, place, ranked; variable kind.
-- Makes entity, pairs, weight: one row per entity and set of pairs.
WITH naming AS (
    SELECT ranked.entity, credit.venue, credit.year, credit.paper, pair.pair
    FROM credit
    JOIN slice USING (venue, year)
    JOIN pair USING (affiliation, institution, stated)
    JOIN place USING (institution, stated)
    JOIN ranked ON ranked.id = place.id
    WHERE (getvariable('kind') IS NULL OR place.kind = getvariable('kind'))
),
one AS (
    SELECT entity, venue, year, paper, min(pair) AS pair, min(pair) = max(pair) AS alone FROM naming GROUP BY entity, venue, year, paper
)
SELECT entity, pairs, count(*) AS weight
FROM (
    SELECT entity, [pair] AS pairs FROM one WHERE alone
    UNION ALL
    SELECT entity, list_sort(list(DISTINCT naming.pair))
    FROM naming
    SEMI JOIN (FROM one WHERE NOT alone) USING (entity, venue, year, paper)
    GROUP BY entity, venue, year, paper
)
GROUP BY entity, pairs
ORDER BY entity, pairs;
