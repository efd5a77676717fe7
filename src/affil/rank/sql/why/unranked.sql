-- The strings that name an institution without a row, or a part of it (what the registry has below it), most mentioned first; a
-- string counts where its holder counts for the institution, by this or another string.
-- Reads credit, holder, drawn_string, institutions; variable entity.
-- Makes one row per string and institution.
WITH RECURSIVE link AS (
    SELECT child.active_id AS child, above.active_id AS parent
    FROM (SELECT active_id, unnest(parents) AS parent FROM institutions) AS child
    JOIN institutions AS above ON above.id = child.parent
),
below AS (
    SELECT getvariable('entity') AS id
    UNION
    SELECT link.child FROM link JOIN below ON link.parent = below.id
)
SELECT drawn_string.affiliation, claim.institution, institutions.name, bool_or(claim.counted) AS counted
FROM (
    SELECT
        credit.string,
        holder.institution,
        bool_or(credit.counted) OVER (PARTITION BY credit.paper, credit.position, holder.institution) AS counted
    FROM credit
    JOIN holder USING (holder)
    JOIN below ON below.id = holder.institution
) AS claim
JOIN institutions ON institutions.id = claim.institution
JOIN drawn_string USING (string)
GROUP BY drawn_string.affiliation, claim.institution, institutions.name
ORDER BY count(*) DESC, drawn_string.affiliation, claim.institution;
