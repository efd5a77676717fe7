-- The claims that wait for review of each wanted entity: matches that may name it and are not counted, where their string names nothing
-- that counts, or the same author does not name the institution anyway (as ranges/keys.sql has it).
-- Reads credit, slice, place, holder, wanted_id, dated_string; variable kind.
-- Makes table waiting: one row per entity, mention, string and institution.
CREATE OR REPLACE TEMP TABLE waiting AS
WITH claimed AS (
    SELECT
        place.id,
        credit.string,
        credit.paper,
        coalesce(credit.position, -1) AS position,
        credit.probability,
        credit.counted,
        holder.institution
    FROM credit
    SEMI JOIN slice USING (cell)
    JOIN place USING (holder)
    JOIN holder USING (holder)
    SEMI JOIN wanted_id ON wanted_id.id = place.id
    WHERE getvariable('kind') IS NULL OR place.kind = getvariable('kind')
)
SELECT id, coalesce(dated_string.string, claimed.string) AS string, institution, probability, paper, position
FROM claimed
LEFT JOIN dated_string ON in_year = claimed.string  -- another string in each year, but one to be decided
WHERE NOT counted
    AND (
        (id, paper, position, institution) NOT IN (SELECT (id, paper, position, institution) FROM claimed WHERE counted)
        OR (paper, position, claimed.string) IN (
            SELECT (paper, coalesce(position, -1), string) FROM credit SEMI JOIN slice USING (cell) WHERE NOT counted AND credit > 0
        )
    );
