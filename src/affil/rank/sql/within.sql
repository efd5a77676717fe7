-- Only what lies in the countries of the variable counts for somebody: institutions by their own country, places by that of what
-- counts for them. What has a place at this level at all is kept in `placed`.
-- Reads site, institutions; variables within, level.
-- Makes tables placed (a row an institution and stated place), place (fewer rows of it).
CREATE OR REPLACE TEMP TABLE placed AS SELECT DISTINCT institution, stated FROM place;

CREATE OR REPLACE TEMP TABLE place AS
SELECT place.*
FROM place
JOIN site USING (institution, stated)
LEFT JOIN institutions ON institutions.id = place.id
WHERE getvariable('within') IS NULL OR list_contains(
    getvariable('within'),
    CASE WHEN getvariable('level') = 'institution' THEN institutions.country ELSE site.country END
);
