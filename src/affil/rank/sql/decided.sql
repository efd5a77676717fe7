-- Decisions with current ids; an unknown id is kept as written.
-- Reads said, meant.
-- Makes table decided: one row per string and institution.
CREATE TEMP TABLE decided AS
SELECT said.affiliation, coalesce(meant.id, said.given) AS institution_id
FROM said
LEFT JOIN meant USING (given);
