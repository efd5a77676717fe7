-- Only what lies in the countries of the variable counts for somebody: institutions by their own country, places by that of what
-- counts for them. What has a place at this level at all is kept in `placed`.
-- Reads site, institutions, holder; variables within, level.
-- Makes tables placed (a row an institution and stated place with papers), place (fewer of these, a row one and entity).
CREATE OR REPLACE TEMP TABLE placed AS SELECT DISTINCT holder FROM place JOIN holder USING (institution, stated);

CREATE OR REPLACE TEMP TABLE place AS
SELECT holder.holder, place.id, place.part, place.kind
FROM place
JOIN holder USING (institution, stated)
JOIN site USING (institution, stated)
LEFT JOIN institutions ON institutions.id = place.id
WHERE getvariable('within') IS NULL OR list_contains(
    getvariable('within'),
    CASE WHEN getvariable('level') = 'institution' THEN institutions.country ELSE site.country END
);
