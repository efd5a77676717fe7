-- Whole count: the papers that name the entity; unaligned are those among them whose authors' own parts are not known.
-- Reads holding.
-- Makes id, publications, unaligned: a row an entity.
SELECT id, count(*) AS publications, count(*) FILTER (NOT aligned) AS unaligned
FROM holding
GROUP BY id;
