-- For each wanted entity, the entities with most common papers.
-- Reads holding, wanted_id; variable listed.
-- Makes id, partner, publications: one row per pair of entities.
SELECT mine.id, theirs.id AS partner, count(*) AS publications
FROM holding AS mine
SEMI JOIN wanted_id ON wanted_id.id = mine.id
JOIN holding AS theirs ON theirs.paper = mine.paper AND theirs.id <> mine.id
GROUP BY mine.id, theirs.id
QUALIFY row_number() OVER (PARTITION BY mine.id ORDER BY publications DESC, theirs.id) <= getvariable('listed')
ORDER BY mine.id, publications DESC, partner;
