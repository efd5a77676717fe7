-- Which institutions a raw string names: what a person decided, else what the model matched; merged ones under their successor.
CREATE TEMP TABLE found AS
SELECT string.string, institutions.active_id AS institution, min(named.decision) AS decision  -- 'match' before 'review'
FROM (
    SELECT affiliation, institution_id, decision
    FROM matches ANTI JOIN decisions USING (affiliation)
    WHERE decision IN ('match', 'review')
    UNION ALL
    SELECT affiliation, institution_id, 'match' FROM decided
) AS named
JOIN string USING (affiliation)
JOIN institutions ON institutions.id = named.institution_id
GROUP BY ALL;
