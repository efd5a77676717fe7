-- Where institutions count: each at its own place, and at every other that a string states for it (`stated`, country/region/city).
-- Reads institutions, credit.
-- Makes table site: a row an institution and stated place.
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
FROM (SELECT DISTINCT institution, stated FROM credit WHERE stated <> '') AS held
JOIN institutions ON institutions.id = held.institution;
