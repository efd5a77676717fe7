-- ISO 3166-1 countries, in the groups of the settings.
CREATE OR REPLACE TEMP TABLE entity AS
SELECT code AS id, name, name_zh FROM country_names WHERE code IN (SELECT counted_as FROM country_names);

CREATE OR REPLACE TEMP TABLE place AS
SELECT institutions.id AS institution, country_names.counted_as AS id, 1.0 AS part, institutions.kind
FROM institutions
JOIN country_names ON country_names.code = institutions.country;
