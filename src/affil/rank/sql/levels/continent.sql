-- Continents, of the country itself, whatever it is counted with.
-- Reads site, continent_names.
-- Makes tables entity (a row a continent), place (a row an institution and stated place).
CREATE OR REPLACE TEMP TABLE entity AS
SELECT DISTINCT name AS id, name, name_zh FROM continent_names;

CREATE OR REPLACE TEMP TABLE place AS
SELECT site.institution, site.stated, continent_names.name AS id, 1.0 AS part, site.kind
FROM site
JOIN continent_names ON continent_names.code = site.country;
