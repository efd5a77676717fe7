-- The papers of each entity and, for institutions, the numbers of the strings through which they count (as in `affil why`).
-- Reads credit, slice, place, holding; variable level.
-- Makes table held: one row per entity and paper.
CREATE OR REPLACE TEMP TABLE held AS
WITH through AS (
    SELECT
        place.id,
        credit.paper,
        CASE WHEN getvariable('level') = 'institution' THEN list_sort(list(DISTINCT credit.string)) END AS strings
    FROM credit
    SEMI JOIN slice USING (cell)
    JOIN place USING (holder)
    WHERE credit.credit > 0 AND credit.counted
    GROUP BY place.id, credit.paper
)
SELECT
    holding.id,
    holding.cell,
    holding.paper,
    slice.weight * CAST(holding.credit AS DOUBLE) AS credit,
    coalesce(through.strings, []) AS strings
FROM holding
JOIN slice USING (cell)
JOIN through USING (id, paper);
