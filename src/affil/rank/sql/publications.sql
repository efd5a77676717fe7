-- Whole count: the papers that name the entity; unaligned are those with unknown parts of authors.
-- Reads entity_cell.
-- Makes id, publications, unaligned: one row per entity.
SELECT id, CAST(sum(publications) AS BIGINT) AS publications, CAST(sum(unaligned) AS BIGINT) AS unaligned
FROM entity_cell
GROUP BY id;
