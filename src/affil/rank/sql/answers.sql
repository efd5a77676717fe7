-- The institutions of each raw string: as decided by a person, else as found by the model; merged institutions count as their
-- successor, from the year of succession on if known (`succession`), and as themselves before. A row applies to papers of the
-- years from `since` (inclusive) to `before` (exclusive); null: no bound. A matched string without institutions has one row
-- with a null institution; the probability of a decision is null. `stated` is the place that the string gives for the
-- institution, as country/region/city, if it counts (the setting has its kind) and differs from the registry's; else "". For a
-- decision it is the place found by the model for the institution, else the only one found in the string. A decision on a successor that
-- the model found by the name of the closed institution is one on either, by the year, unless it names the closed one as well. `named_parents` are the
-- institutions above it that the model found named beside it, in order, with blanks between them, also for a decision on it; only of
-- those for which it matters (`forked`), which have several parents or are below such, else "".
-- Reads placed_match, decisions, decided, institutions, succession, forked; variable stated_kinds.
-- Makes table answer: one row per string, institution and span of years.
CREATE TEMP TABLE answer AS
WITH given AS (
    SELECT affiliation, institution_id, former, decision, probability, false AS decided, stated
    FROM placed_match
    ANTI JOIN decisions USING (affiliation)
    UNION ALL
    SELECT
        affiliation,
        decided.institution_id,
        -- who confirms a successor that the string names as what it was before, means no other year than the model
        CASE WHEN (affiliation, own.former) NOT IN (FROM decided) THEN own.former END,
        'match',
        NULL,
        true,
        coalesce(own.stated, alone.stated, '')
    FROM decisions
    LEFT JOIN decided USING (affiliation)
    LEFT JOIN (
        SELECT
            affiliation,
            institution_id,
            max(stated) AS stated,
            CASE WHEN count(*) = count(former) THEN max(former) END AS former
        FROM placed_match
        GROUP BY affiliation, institution_id
    ) AS own USING (affiliation, institution_id)
    LEFT JOIN (
        SELECT affiliation, max(stated) AS stated FROM placed_match GROUP BY affiliation HAVING count(DISTINCT stated) = 1
    ) AS alone USING (affiliation)
),
found AS (
    SELECT given.*, institutions.active_id, succession.id AS closed, succession.year
    FROM given
    LEFT JOIN institutions ON institutions.id = given.institution_id AND given.decision IN ('match', 'review')
    LEFT JOIN succession
        ON succession.id = coalesce(given.former, given.institution_id) AND succession.active_id = institutions.active_id
),
held AS (
    SELECT *, active_id AS institution, year AS since, CAST(NULL AS SMALLINT) AS before FROM found
    UNION ALL
    SELECT *, closed, NULL, year FROM found WHERE closed IS NOT NULL
),
beside AS (
    SELECT affiliation, institutions.active_id, string_agg(DISTINCT above.active_id, ' ' ORDER BY above.active_id) AS ids
    FROM (SELECT affiliation, institution_id, unnest(named_parents) AS parent FROM placed_match)
    JOIN institutions ON institutions.id = institution_id
    JOIN institutions AS above ON above.id = parent
    GROUP BY affiliation, institutions.active_id
)
SELECT
    held.affiliation,
    held.institution,
    held.since,
    held.before,
    CASE WHEN held.institution IS NULL THEN 'none' ELSE min(held.decision) END AS decision,  -- 'match' before 'review'
    CASE WHEN held.institution IS NOT NULL THEN CAST(max(held.probability) AS DOUBLE) END AS probability,
    bool_or(held.decided) AS decided,
    CASE
        WHEN held.institution IS NULL OR NOT bool_and(list_contains(getvariable('stated_kinds'), here.kind)) THEN ''
        WHEN bool_or(held.stated IN (here.country || '//', concat_ws('/', here.country, here.region, here.city))) THEN ''
        ELSE max(held.stated)
    END AS stated,
    CASE WHEN bool_or(forked.id IS NOT NULL) THEN coalesce(max(beside.ids), '') ELSE '' END AS named_parents
FROM held
LEFT JOIN institutions AS here ON here.id = held.institution
LEFT JOIN forked ON forked.id = held.institution
LEFT JOIN beside ON beside.affiliation = held.affiliation AND beside.active_id = held.active_id
GROUP BY held.affiliation, held.institution, held.since, held.before;
