-- For each entity, the sets of pairs that can make a paper its own (any of them does), and how many papers have that set.
SELECT entity, pairs, count(*) AS weight
FROM (
    SELECT ranked.entity, list_sort(list(DISTINCT pair.pair)) AS pairs
    FROM credit
    JOIN slice USING (venue, year)
    JOIN pair USING (affiliation, institution)
    JOIN place USING (institution)
    JOIN ranked ON ranked.id = place.id
    WHERE getvariable('kind') IS NULL OR place.kind = getvariable('kind')
    GROUP BY ranked.entity, credit.venue, credit.year, credit.paper
)
GROUP BY entity, pairs
ORDER BY entity, pairs;
