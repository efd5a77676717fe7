-- The papers of one entity, with their credit and the authors and strings that name it.
-- Reads credit, slice, place, holding, paper_id, author_name, drawn_string, titled; variables entity, kind.
-- Makes one row per paper.
WITH through AS (
    SELECT
        credit.paper,
        list_sort(list(DISTINCT author_name.name) FILTER (author_name.name IS NOT NULL)) AS authors,
        list_sort(list(DISTINCT drawn_string.affiliation)) AS strings,
        min(credit.probability) AS least_probability
    FROM credit
    SEMI JOIN slice USING (cell)
    JOIN place USING (holder)
    LEFT JOIN author_name USING (author)
    LEFT JOIN drawn_string USING (string)
    WHERE place.id = getvariable('entity') AND credit.credit > 0 AND credit.counted
        AND (getvariable('kind') IS NULL OR place.kind = getvariable('kind'))
    GROUP BY credit.paper
)
SELECT
    paper_id.id AS paper,
    titled.title,
    slice.venue,
    slice.year,
    slice.weight * CAST(holding.credit AS DOUBLE) AS credit,
    holding.aligned,
    coalesce(through.authors, []) AS authors,
    through.strings,
    through.least_probability
FROM holding
JOIN slice USING (cell)
JOIN through USING (paper)
JOIN paper_id USING (paper)
LEFT JOIN titled ON titled.id = paper_id.id
WHERE holding.id = getvariable('entity')
ORDER BY slice.year DESC, slice.venue, credit DESC, paper_id.id;
