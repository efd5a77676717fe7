-- What a raw string names: what a person decided, else what the model found; merged institutions under their successor.
-- A string that was looked at and names nobody has one row without an institution; the probability of a decision is null.
CREATE TEMP TABLE answer AS
WITH given AS (
    SELECT affiliation, institution_id, decision, probability, false AS decided
    FROM matches
    ANTI JOIN decisions USING (affiliation)
    UNION ALL
    SELECT affiliation, decided.institution_id, 'match', NULL, true
    FROM decisions
    LEFT JOIN decided USING (affiliation)
)
SELECT
    given.affiliation,
    institutions.active_id AS institution,
    CASE WHEN institutions.active_id IS NULL THEN 'none' ELSE min(given.decision) END AS decision,  -- 'match' before 'review'
    CASE WHEN institutions.active_id IS NOT NULL THEN CAST(max(given.probability) AS DOUBLE) END AS probability,
    bool_or(given.decided) AS decided
FROM given
LEFT JOIN institutions ON institutions.id = given.institution_id AND given.decision IN ('match', 'review')
GROUP BY given.affiliation, institutions.active_id;
