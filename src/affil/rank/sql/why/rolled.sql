-- The strings of other institutions that are rolled up to the entity, most papers first, with the part of their credit that it gets. It is
-- `named` where the string decides that part: it names parents of the institution (see rollup.py), without which another would count.
-- Reads credit, slice, place, holder, rolled, institutions, drawn_string; variables entity, kind.
-- Makes one row per string and institution.
SELECT
    drawn_string.affiliation,
    holder.institution,
    institutions.name,
    place.part,
    place.part <> coalesce(rolled.part, 0) AS named,
    count(DISTINCT credit.paper) AS papers
FROM credit
SEMI JOIN slice USING (cell)
JOIN place USING (holder)
JOIN holder USING (holder)
JOIN institutions ON institutions.id = holder.institution
JOIN drawn_string USING (string)
LEFT JOIN rolled ON rolled.institution = holder.institution AND rolled.named_parents = '' AND rolled.id = place.id
WHERE place.id = getvariable('entity') AND holder.institution <> place.id AND credit.counted
    AND (getvariable('kind') IS NULL OR place.kind = getvariable('kind'))
GROUP BY ALL
ORDER BY papers DESC, drawn_string.affiliation, holder.institution;
