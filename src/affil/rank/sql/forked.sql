-- Institutions from which several ways lead up: those with several parents, and all below them.
-- Reads institutions.
-- Makes table forked: one row per institution.
CREATE TEMP TABLE forked AS
WITH RECURSIVE link AS (
    SELECT DISTINCT child.id AS child, above.active_id AS parent
    FROM (SELECT id, unnest(parents) AS parent FROM institutions) AS child
    JOIN institutions AS above ON above.id = child.parent
    WHERE above.active_id <> child.id
),
fork AS (
    SELECT child AS id FROM link GROUP BY child HAVING count(*) > 1
    UNION
    SELECT link.child FROM link JOIN fork ON link.parent = fork.id
)
SELECT id FROM fork;
