-- ISO 3166-2 subdivisions. An institution without one counts for its country as a whole, which for Singapore or Hong Kong is all.
CREATE TEMP TABLE place AS
SELECT
    institutions.id AS institution,
    coalesce(region_names.code, country_names.code) AS id,
    coalesce(
        region_names.name,
        country_names.name || CASE WHEN country_names.divided THEN ' (region unknown)' ELSE '' END
    ) AS name,
    coalesce(region_names.name_zh, country_names.name_zh) AS name_zh,
    country_names.counted_as AS country
FROM institutions
JOIN country_names ON country_names.code = institutions.country
LEFT JOIN region_names ON region_names.code = institutions.region;
