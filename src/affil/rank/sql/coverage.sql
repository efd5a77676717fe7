-- What became of each mention: an author (or, not aligned, a paper) with one raw string, or with none.
WITH asked AS (
    SELECT string, affiliation IN (SELECT affiliation FROM decisions) AS decided
    FROM string
    SEMI JOIN (SELECT affiliation FROM matches UNION ALL SELECT affiliation FROM decisions) USING (affiliation)
),
answered AS (
    SELECT string, bool_or(decision = 'match') AS matched FROM found GROUP BY string
)
SELECT
    count(*) AS mentions,
    count(*) FILTER (matched) AS matched,
    count(*) FILTER (NOT matched) AS review,
    count(*) FILTER (decided IS NOT NULL AND matched IS NULL) AS none,
    count(*) FILTER (mention.string IS NULL) AS missing,
    count(*) FILTER (mention.string IS NOT NULL AND decided IS NULL) AS pending,
    count(*) FILTER (decided) AS decided
FROM mention
LEFT JOIN asked USING (string)
LEFT JOIN answered USING (string);
