-- The papers of each entity and, for institutions, the strings through which they count (as in `affil why`).
-- Reads credit, slice, place, holding; variable level.
-- Makes table held: one row per entity and paper.
CREATE OR REPLACE TEMP TABLE held AS
WITH through AS (
    SELECT
        place.id,
        credit.venue,
        credit.year,
        credit.paper,
        CASE WHEN getvariable('level') = 'institution'
            THEN list_sort(list(DISTINCT credit.affiliation) FILTER (credit.affiliation IS NOT NULL))
        END AS strings
    FROM credit
    JOIN slice USING (venue, year)
    JOIN place USING (institution, stated)
    WHERE credit.credit > 0 AND credit.counted
    GROUP BY place.id, credit.venue, credit.year, credit.paper
)
SELECT id, venue, year, paper, slice.weight * CAST(holding.credit AS DOUBLE) AS credit, coalesce(through.strings, []) AS strings
FROM holding
JOIN slice USING (venue, year)
JOIN through USING (id, venue, year, paper);
