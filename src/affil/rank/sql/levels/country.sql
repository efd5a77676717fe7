-- ISO 3166-1 countries, grouped by the settings.
-- Reads site, country_names.
-- Makes tables entity (one row per country), place (one row per institution and stated place).
CREATE OR REPLACE TEMP TABLE entity AS
SELECT code AS id, name, name_zh, code AS country FROM country_names WHERE code IN (SELECT counted_as FROM country_names);

CREATE OR REPLACE TEMP TABLE place AS
SELECT site.institution, site.stated, country_names.counted_as AS id, 1.0 AS part, site.kind
FROM site
JOIN country_names ON country_names.code = site.country;
