-- Institutions by themselves, or as what they are rolled up to (`rolled`, from the registry's parents and those that a string names).
-- Reads institutions, country_names, region_names, rolled, site.
-- Makes tables entity (one row per institution), place (one row per institution, stated place, named parents and entity).
CREATE OR REPLACE TEMP TABLE entity AS
SELECT
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

CREATE OR REPLACE TEMP TABLE place AS
SELECT rolled.institution, site.stated, rolled.named_parents, rolled.id, rolled.part, entity.kind
FROM rolled
JOIN entity USING (id)
JOIN site USING (institution);
