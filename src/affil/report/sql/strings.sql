-- The strings that name each wanted entity, most papers first, and their total number.
-- Reads credit, slice, place, wanted_id; variable listed.
-- Makes id, affiliation, papers, probability, strings: one row per entity and string.
SELECT id, affiliation, papers, probability, strings
FROM (
    SELECT
        place.id,
        credit.affiliation,
        count(DISTINCT credit.paper) AS papers,
        max(credit.probability) AS probability,
        count(*) OVER (PARTITION BY place.id) AS strings
    FROM credit
    JOIN slice USING (venue, year)
    JOIN place USING (institution, stated)
    SEMI JOIN wanted_id ON wanted_id.id = place.id
    WHERE credit.counted AND credit.affiliation IS NOT NULL
    GROUP BY place.id, credit.affiliation
)
QUALIFY row_number() OVER (PARTITION BY id ORDER BY papers DESC, affiliation) <= getvariable('listed')
ORDER BY id, papers DESC, affiliation;
