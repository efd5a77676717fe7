-- Whole count: the papers that name the entity; unaligned are those with unknown parts of authors.
-- Reads holding.
-- Makes id, publications, unaligned: one row per entity.
SELECT id, count(*) AS publications, count(*) FILTER (NOT aligned) AS unaligned
FROM holding
GROUP BY id;
