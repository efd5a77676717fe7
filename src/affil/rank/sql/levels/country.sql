-- ISO 3166-1 countries, in the groups of the settings.
CREATE TEMP TABLE place AS
SELECT institutions.id AS institution, counted.code AS id, counted.name, counted.name_zh
FROM institutions
JOIN country_names ON country_names.code = institutions.country
JOIN country_names AS counted ON counted.code = country_names.counted_as;
