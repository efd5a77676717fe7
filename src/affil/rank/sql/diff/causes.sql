-- Why an entity's part of a paper changed: the paper is new or gone, one of its strings has another answer (by a decision, or
-- by the model and registry), its record changed, or the counting did. A change through several strings is split evenly over
-- those that name the entity before or after, or else over all that changed.
-- Reads held_before, held_after, answer_before, answer_after, named_before, named_after, decision.
-- Makes one row per entity and cause, with the papers and adjusted publications that it gained or lost.
WITH changed AS (
    SELECT
        coalesce(held_before.id, held_after.id) AS id,
        coalesce(held_before.venue, held_after.venue) || ' ' || coalesce(held_before.year, held_after.year) AS published,
        coalesce(held_before.paper, held_after.paper) AS paper,
        coalesce(held_after.credit, 0) - coalesce(held_before.credit, 0) AS adjusted,
        CAST(held_after.id IS NOT NULL AS INTEGER) - CAST(held_before.id IS NOT NULL AS INTEGER) AS papers
    FROM held_before
    FULL JOIN held_after ON held_before.id = held_after.id AND held_before.paper = held_after.paper
    WHERE abs(coalesce(held_after.credit, 0) - coalesce(held_before.credit, 0)) > 1e-12
        OR held_before.id IS NULL OR held_after.id IS NULL
),
answers AS (
    SELECT
        affiliation,
        string_agg(institution || said, ', ' ORDER BY institution, since) FILTER (WHERE decision = 'match') AS named,
        CASE WHEN bool_or(decision = 'review') THEN 'in review' END AS waits
    FROM (SELECT *, concat(' in ' || nullif(stated, ''), ' of ' || nullif(named_parents, ''), ' from ' || since, ' before ' || before) AS said FROM answer_before)
    GROUP BY affiliation
),
answers_now AS (
    SELECT
        affiliation,
        string_agg(institution || said, ', ' ORDER BY institution, since) FILTER (WHERE decision = 'match') AS named,
        CASE WHEN bool_or(decision = 'review') THEN 'in review' END AS waits
    FROM (SELECT *, concat(' in ' || nullif(stated, ''), ' of ' || nullif(named_parents, ''), ' from ' || since, ' before ' || before) AS said FROM answer_after)
    GROUP BY affiliation
),
other_answer AS (
    SELECT
        affiliation,
        coalesce(answers.named, answers.waits, 'none') AS was,
        coalesce(answers_now.named, answers_now.waits, 'none') AS now
    FROM answers
    FULL JOIN answers_now USING (affiliation)
    WHERE answers.named IS DISTINCT FROM answers_now.named
),
paper_string AS (
    SELECT paper, affiliation, list_distinct(flatten(list(coalesce(ids, [])))) AS ids
    FROM (FROM named_before UNION ALL FROM named_after)
    GROUP BY paper, affiliation
),
through_string AS (
    SELECT
        changed.*,
        other_answer.*,
        list_contains(ids, changed.id) AS names_it,
        bool_or(names_it) OVER (PARTITION BY changed.id, changed.paper) AS some_name_it
    FROM changed
    JOIN paper_string USING (paper)
    JOIN other_answer USING (affiliation)
    WHERE changed.paper IN (SELECT paper FROM named_before) AND changed.paper IN (SELECT paper FROM named_after)
),
split AS (
    SELECT *, count(*) OVER (PARTITION BY id, paper) AS strings
    FROM through_string
    WHERE names_it OR NOT some_name_it
),
cause AS (
    SELECT
        id,
        CASE WHEN entry IS NULL THEN 'answer' ELSE 'decision' END AS cause,
        affiliation AS what,
        entry,
        who,
        why,
        was,
        now,
        papers / strings AS papers,
        adjusted / strings AS adjusted
    FROM split
    LEFT JOIN decision USING (affiliation)
    UNION ALL
    SELECT
        id,
        CASE
            WHEN paper NOT IN (SELECT paper FROM named_before) THEN 'paper added'
            WHEN paper NOT IN (SELECT paper FROM named_after) THEN 'paper removed'
            ELSE 'paper or settings changed'
        END,
        published, NULL, NULL, NULL, NULL, NULL,
        papers,
        adjusted
    FROM changed
    ANTI JOIN split USING (id, paper)
)
SELECT id, cause, what, entry, who, why, was, now, sum(papers) AS papers, sum(adjusted) AS adjusted
FROM cause
GROUP BY ALL
ORDER BY id, abs(sum(adjusted)) DESC, cause, what;
