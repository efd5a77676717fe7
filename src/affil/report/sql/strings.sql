-- The strings that name each wanted entity, most papers first, and their total number.
-- Reads credit, slice, place, wanted_id, drawn_string, dated_string; variable listed.
-- Makes id, affiliation, papers, probability, strings: one row per entity and string.
SELECT id, affiliation, papers, probability, strings
FROM (
    SELECT
        place.id,
        coalesce(dated_string.string, credit.string) AS string,
        count(DISTINCT credit.paper) AS papers,
        max(credit.probability) AS probability,
        count(*) OVER (PARTITION BY place.id) AS strings
    FROM credit
    LEFT JOIN dated_string ON in_year = credit.string  -- which is another string in each year
    SEMI JOIN slice USING (cell)
    JOIN place USING (holder)
    SEMI JOIN wanted_id ON wanted_id.id = place.id
    WHERE credit.counted AND credit.string IS NOT NULL
    GROUP BY place.id, coalesce(dated_string.string, credit.string)
    QUALIFY row_number() OVER (PARTITION BY place.id ORDER BY count(DISTINCT credit.paper) DESC, coalesce(dated_string.string, credit.string)) <= getvariable('listed')
)
JOIN drawn_string USING (string)
ORDER BY id, papers DESC, string;
