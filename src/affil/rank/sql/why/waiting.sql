-- Matches in review that may name the entity and are not counted, most mentioned first; those whose holder names the institution
-- anyway are left out.
-- Reads credit, slice, place; variables entity, kind.
-- Makes one row per string and institution.
WITH claimed AS (
    SELECT credit.*
    FROM credit
    JOIN slice USING (venue, year)
    JOIN place USING (institution, stated)
    WHERE place.id = getvariable('entity') AND (getvariable('kind') IS NULL OR place.kind = getvariable('kind'))
)
SELECT
    affiliation,
    institution,
    max(probability) AS probability,
    count(DISTINCT (paper, coalesce(position, -1))) AS mentions,
    count(DISTINCT paper) AS papers
FROM claimed
WHERE NOT counted
    AND (paper, coalesce(position, -1), institution) NOT IN (
        SELECT (paper, coalesce(position, -1), institution) FROM claimed WHERE counted
    )
GROUP BY affiliation, institution
ORDER BY mentions DESC, papers DESC, affiliation, institution;
