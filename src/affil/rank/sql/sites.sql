-- Where institutions count: at their own place, and at every other place stated in a string (`stated`, country/region/city).
-- Reads institutions, holder.
-- Makes table site: one row per institution and stated place.
CREATE OR REPLACE TEMP TABLE site AS
SELECT id AS institution, '' AS stated, kind, country, region, city
FROM institutions
UNION ALL
SELECT
    institutions.id,
    held.stated,
    institutions.kind,
    split_part(held.stated, '/', 1),
    split_part(held.stated, '/', 2),
    array_to_string(string_split(held.stated, '/')[3:], '/')
FROM (SELECT institution, stated FROM holder WHERE stated <> '') AS held
JOIN institutions ON institutions.id = held.institution;
