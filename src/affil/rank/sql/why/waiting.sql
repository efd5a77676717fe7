-- Matches in review that may name the entity and are not counted, most mentioned first; those whose holder names the institution
-- anyway are left out.
-- Reads credit, slice, place, holder, drawn_string; variables entity, kind.
-- Makes one row per string and institution.
WITH claimed AS (
    SELECT credit.*, holder.institution
    FROM credit
    SEMI JOIN slice USING (cell)
    JOIN place USING (holder)
    JOIN holder USING (holder)
    WHERE place.id = getvariable('entity') AND (getvariable('kind') IS NULL OR place.kind = getvariable('kind'))
)
SELECT
    affiliation,
    institution,
    max(probability) AS probability,
    count(DISTINCT (paper, coalesce(position, -1))) AS mentions,
    count(DISTINCT paper) AS papers
FROM claimed
JOIN drawn_string USING (string)
WHERE NOT counted
    AND (paper, coalesce(position, -1), institution) NOT IN (
        SELECT (paper, coalesce(position, -1), institution) FROM claimed WHERE counted
    )
GROUP BY affiliation, institution
ORDER BY mentions DESC, papers DESC, affiliation, institution;
