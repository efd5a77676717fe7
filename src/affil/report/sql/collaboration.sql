-- The papers of each entity by year, and how many of them name a further institution of its country, or one of another country.
-- A place and a country have many institutions: of theirs two are needed.
-- Reads credit, slice, holder, place, holding, site, entity, country_names; variable level.
-- Makes id, year, papers, within, across: one row per entity and year.
WITH of_holder AS (
    SELECT holder, dense_rank() OVER (ORDER BY institution) AS institution, country_names.counted_as AS country
    FROM holder
    JOIN site USING (institution, stated)
    JOIN country_names ON country_names.code = site.country
),
party AS (
    SELECT DISTINCT credit.paper, of_holder.institution, of_holder.country
    FROM credit
    SEMI JOIN slice USING (cell)
    JOIN of_holder USING (holder)
    WHERE credit.counted AND credit.credit > 0
),
mine AS (
    SELECT DISTINCT place.id, of_holder.institution
    FROM place
    JOIN of_holder USING (holder)
    WHERE getvariable('level') = 'institution'
),
paper AS (
    SELECT
        holding.id,
        holding.cell,
        holding.paper,
        count(DISTINCT party.institution) FILTER (mine.id IS NULL AND party.country = entity.country)
            >= CASE WHEN getvariable('level') = 'institution' THEN 1 ELSE 2 END AS within,
        coalesce(bool_or(mine.id IS NULL AND party.country <> entity.country), false) AS across
    FROM holding
    JOIN (SELECT id, CASE WHEN getvariable('level') = 'country' THEN id ELSE country END AS country FROM entity) AS entity USING (id)
    LEFT JOIN party USING (paper)
    LEFT JOIN mine ON mine.id = holding.id AND mine.institution = party.institution
    GROUP BY holding.id, holding.cell, holding.paper
)
SELECT id, year, count(*) AS papers, count(*) FILTER (within) AS within, count(*) FILTER (across) AS across
FROM paper
JOIN slice USING (cell)
GROUP BY id, year
ORDER BY id, year;
