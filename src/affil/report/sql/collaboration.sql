-- The papers of each entity by year, and how many of them name a further institution of its country, or one of another country.
-- A place and a country have many institutions: of theirs two are needed.
-- Reads credit, slice, place, holding, site, entity, country_names; variable level.
-- Makes id, year, papers, within, across: one row per entity and year.
WITH party AS (
    SELECT DISTINCT credit.venue, credit.year, credit.paper, credit.institution, country_names.counted_as AS country
    FROM credit
    JOIN slice USING (venue, year)
    JOIN site USING (institution, stated)
    JOIN country_names ON country_names.code = site.country
    WHERE credit.counted AND credit.credit > 0
),
mine AS (
    SELECT DISTINCT id, institution FROM place WHERE getvariable('level') = 'institution'
),
paper AS (
    SELECT
        holding.id,
        holding.venue,
        holding.year,
        holding.paper,
        count(DISTINCT party.institution) FILTER (mine.id IS NULL AND party.country = entity.country)
            >= CASE WHEN getvariable('level') = 'institution' THEN 1 ELSE 2 END AS within,
        coalesce(bool_or(mine.id IS NULL AND party.country <> entity.country), false) AS across
    FROM holding
    JOIN (SELECT id, CASE WHEN getvariable('level') = 'country' THEN id ELSE country END AS country FROM entity) AS entity USING (id)
    LEFT JOIN party USING (venue, year, paper)
    LEFT JOIN mine ON mine.id = holding.id AND mine.institution = party.institution
    GROUP BY holding.id, holding.venue, holding.year, holding.paper
)
SELECT id, year, count(*) AS papers, count(*) FILTER (within) AS within, count(*) FILTER (across) AS across
FROM paper
GROUP BY id, year
ORDER BY id, year;
