-- Each institution by itself.
CREATE TEMP TABLE place AS
SELECT
    institutions.id AS institution,
    institutions.id,
    institutions.name,
    institutions.name_zh,
    institutions.kind,
    institutions.city,
    coalesce(region_names.name, '') AS region,
    coalesce(country_names.counted_as, '') AS country
FROM institutions
LEFT JOIN country_names ON country_names.code = institutions.country
LEFT JOIN region_names ON region_names.code = institutions.region;
