-- Reliability of each wanted entity's numbers: the credit-weighted mean probability (1 where a person decided), the share
-- decided by people, and the strings and papers in review that may add to it.
-- Reads credit, slice, place, wanted_id, holding.
-- Makes id, probability, decided, strings, papers: one row per entity.
WITH counting AS (
    SELECT
        place.id,
        sum(CAST(credit.credit AS DOUBLE) * coalesce(credit.probability, 1) ORDER BY CAST(credit.credit AS DOUBLE) * coalesce(credit.probability, 1)) / sum(CAST(credit.credit AS DOUBLE) ORDER BY CAST(credit.credit AS DOUBLE)) AS probability,
        sum(CAST(credit.credit AS DOUBLE) ORDER BY CAST(credit.credit AS DOUBLE)) FILTER (credit.probability IS NULL) / sum(CAST(credit.credit AS DOUBLE) ORDER BY CAST(credit.credit AS DOUBLE)) AS decided
    FROM credit
    SEMI JOIN slice USING (cell)
    JOIN place USING (holder)
    SEMI JOIN wanted_id ON wanted_id.id = place.id
    WHERE credit.counted
    GROUP BY place.id
),
open_strings AS (
    SELECT place.id, count(DISTINCT credit.string) AS strings, count(DISTINCT credit.paper) AS papers
    FROM credit
    SEMI JOIN slice USING (cell)
    JOIN place USING (holder)
    SEMI JOIN wanted_id ON wanted_id.id = place.id
    WHERE NOT credit.counted
        AND NOT EXISTS (
            FROM holding
            WHERE holding.id = place.id AND holding.paper = credit.paper
        )
    GROUP BY place.id
)
SELECT id, probability, coalesce(decided, 0) AS decided, coalesce(strings, 0) AS strings, coalesce(papers, 0) AS papers
FROM counting
LEFT JOIN open_strings USING (id);
