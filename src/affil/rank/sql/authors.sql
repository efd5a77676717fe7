-- Distinct normalised author names; if affiliations are not aligned, the author is null and not counted.
-- Reads credit, slice, place; variable kind.
-- Makes id, authors: one row per entity.
SELECT id, count(author) AS authors
FROM (
    SELECT DISTINCT place.id, credit.author
    FROM credit
    SEMI JOIN slice USING (cell)
    JOIN place USING (holder)
    WHERE credit.counted AND (getvariable('kind') IS NULL OR place.kind = getvariable('kind'))
)
GROUP BY id;
