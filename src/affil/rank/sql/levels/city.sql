-- A city is a name within a region within a country. If an institution's region is missing and the registry has the city in one
-- region only, that region is used.
-- Reads site, country_names, region_names.
-- Makes tables located and place (one row per institution and stated place), entity (one row per city).
CREATE OR REPLACE TEMP TABLE located AS
WITH city AS (
    SELECT
        institution,
        stated,
        kind,
        country,
        city,
        coalesce(
            nullif(region, ''),
            CASE WHEN count(DISTINCT nullif(region, '')) OVER same = 1 THEN max(nullif(region, '')) OVER same END,
            ''
        ) AS region
    FROM site
    WHERE city <> '' AND country <> ''
    WINDOW same AS (PARTITION BY country, city)
)
SELECT *, concat_ws('/', country, nullif(region, ''), city) AS id FROM city;

CREATE OR REPLACE TEMP TABLE place AS SELECT institution, stated, id, 1.0 AS part, kind FROM located;

CREATE OR REPLACE TEMP TABLE entity AS
SELECT DISTINCT located.id, located.city AS name, coalesce(region_names.name, '') AS region, country_names.counted_as AS country
FROM located
JOIN country_names ON country_names.code = located.country
LEFT JOIN region_names ON region_names.code = located.region;
