-- What a raw string names: what a person decided, else what the model found; merged institutions under their successor.
-- A string that was looked at and names nobody has one row without an institution; the probability of a decision is null.
-- `stated` is the place that the string gives for the institution, as country/region/city, where that counts (its kind is one of
-- the setting) and says something else than the registry; else "". Of what a person decided it is that which the model found for
-- the institution, else the only one that it found in the string.
CREATE TEMP TABLE answer AS
WITH given AS (
    SELECT affiliation, institution_id, decision, probability, false AS decided, stated
    FROM placed_match
    ANTI JOIN decisions USING (affiliation)
    UNION ALL
    SELECT affiliation, decided.institution_id, 'match', NULL, true, coalesce(own.stated, alone.stated, '')
    FROM decisions
    LEFT JOIN decided USING (affiliation)
    LEFT JOIN (SELECT affiliation, institution_id, max(stated) AS stated FROM placed_match GROUP BY ALL) AS own
        USING (affiliation, institution_id)
    LEFT JOIN (
        SELECT affiliation, max(stated) AS stated FROM placed_match GROUP BY affiliation HAVING count(DISTINCT stated) = 1
    ) AS alone USING (affiliation)
)
SELECT
    given.affiliation,
    institutions.active_id AS institution,
    CASE WHEN institutions.active_id IS NULL THEN 'none' ELSE min(given.decision) END AS decision,  -- 'match' before 'review'
    CASE WHEN institutions.active_id IS NOT NULL THEN CAST(max(given.probability) AS DOUBLE) END AS probability,
    bool_or(given.decided) AS decided,
    CASE
        WHEN institutions.active_id IS NULL OR NOT bool_and(list_contains(getvariable('stated_kinds'), institutions.kind)) THEN ''
        WHEN bool_or(given.stated IN (today.country || '//', concat_ws('/', today.country, today.region, today.city))) THEN ''
        ELSE max(given.stated)
    END AS stated
FROM given
LEFT JOIN institutions ON institutions.id = given.institution_id AND given.decision IN ('match', 'review')
LEFT JOIN institutions AS today ON today.id = institutions.active_id
GROUP BY given.affiliation, institutions.active_id;
