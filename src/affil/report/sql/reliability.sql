-- Reliability of each wanted entity's numbers: the credit-weighted mean probability (1 where a person decided), the share
-- decided by people, and the strings and papers in review that may add to it.
-- Reads credit, slice, place, wanted_id, waiting.
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
doubted AS (
    SELECT id, count(DISTINCT string) AS strings, count(DISTINCT paper) AS papers
    FROM waiting
    GROUP BY id
)
SELECT id, probability, coalesce(decided, 0) AS decided, coalesce(strings, 0) AS strings, coalesce(papers, 0) AS papers
FROM counting
LEFT JOIN doubted USING (id);
