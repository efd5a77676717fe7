-- All measures of the entities of the slice, sorted by one; ties (equal to 1e-9) share a rank.
-- Reads publications, entity, adjusted, index_, authors; variable counted.
-- Makes one row per entity.
SELECT
    rank() OVER (ORDER BY round({by}, 9) DESC) AS rank,
    entity.*,
    publications,
    coalesce(authors, 0) AS authors,
    adjusted,
    index,
    adjusted / nullif(getvariable('counted'), 0) AS share,
    unaligned
FROM publications
JOIN entity USING (id)
JOIN adjusted USING (id)
JOIN index_ USING (id)
LEFT JOIN authors USING (id)
ORDER BY rank, adjusted DESC, name, id;
