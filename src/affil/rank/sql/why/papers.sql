-- The papers of one entity, with their credit and the authors and strings that name it.
-- Reads credit, slice, place, holding, titled; variables entity, kind.
-- Makes one row per paper.
WITH through AS (
    SELECT
        credit.paper,
        list_sort(list(DISTINCT credit.author) FILTER (credit.author IS NOT NULL)) AS authors,
        list_sort(list(DISTINCT credit.affiliation)) AS strings,
        min(credit.probability) AS least_probability
    FROM credit
    JOIN slice USING (venue, year)
    JOIN place USING (institution, stated)
    WHERE place.id = getvariable('entity') AND credit.credit > 0 AND credit.counted
        AND (getvariable('kind') IS NULL OR place.kind = getvariable('kind'))
    GROUP BY credit.paper
)
SELECT
    holding.paper,
    titled.title,
    holding.venue,
    holding.year,
    slice.weight * CAST(holding.credit AS DOUBLE) AS credit,
    holding.aligned,
    coalesce(through.authors, []) AS authors,
    through.strings,
    through.least_probability
FROM holding
JOIN slice USING (venue, year)
JOIN through USING (paper)
LEFT JOIN titled ON titled.id = holding.paper
WHERE holding.id = getvariable('entity')
ORDER BY holding.year DESC, holding.venue, credit DESC, holding.paper;
