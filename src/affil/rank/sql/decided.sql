-- What people decided, under the ids of today; an id that no institution has stays as it was written.
-- Reads said, meant.
-- Makes table decided: a row a string and institution.
CREATE TEMP TABLE decided AS
SELECT said.affiliation, coalesce(meant.id, said.given) AS institution_id
FROM said
LEFT JOIN meant USING (given);
