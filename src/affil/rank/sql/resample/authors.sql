-- For each entity, the sets of pairs that can make an author one of its own (any of them does), and how many authors have it.
SELECT entity, pairs, count(*) AS weight
FROM (
    SELECT ranked.entity, list_sort(list(DISTINCT pair.pair)) AS pairs
    FROM credit
    JOIN slice USING (venue, year)
    JOIN pair USING (affiliation, institution)
    JOIN place USING (institution)
    JOIN ranked ON ranked.id = place.id
    WHERE author IS NOT NULL AND (getvariable('kind') IS NULL OR place.kind = getvariable('kind'))
    GROUP BY ranked.entity, credit.author
)
GROUP BY entity, pairs
ORDER BY entity, pairs;
