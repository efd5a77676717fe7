-- ISO 3166-2 subdivisions, grouped by the settings. An institution without one counts for its whole country, which is right for
-- Singapore or Hong Kong.
-- Reads site, country_names, region_names, region_groups.
-- Makes tables located and place (one row per institution and stated place), entity (one row per region).
CREATE OR REPLACE TEMP TABLE located AS
SELECT
    site.institution,
    site.stated,
    site.kind,
    coalesce(region_names.code, country_names.code) AS code,
    coalesce(
        region_names.name,
        country_names.name || CASE WHEN country_names.divided THEN ' (region unknown)' ELSE '' END
    ) AS name,
    coalesce(region_names.name_zh, country_names.name_zh) AS name_zh,
    country_names.counted_as AS country
FROM site
JOIN country_names ON country_names.code = site.country
LEFT JOIN region_names ON region_names.code = site.region;

CREATE OR REPLACE TEMP TABLE place AS
SELECT institution, stated, coalesce(region_groups.counted_as, code) AS id, 1.0 AS part, kind
FROM located
LEFT JOIN region_groups USING (code);

-- A group has the name of the region whose code it uses, or its own; it has a country if all of it is in one.
CREATE OR REPLACE TEMP TABLE entity AS
SELECT
    place.id,
    coalesce(min(located.name) FILTER (located.code = place.id), place.id) AS name,
    coalesce(min(located.name_zh) FILTER (located.code = place.id), '') AS name_zh,
    CASE WHEN count(DISTINCT located.country) = 1 THEN min(located.country) ELSE '' END AS country
FROM place
JOIN located USING (institution, stated)
GROUP BY place.id;
