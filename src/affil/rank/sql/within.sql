-- Only what lies in the countries of the variable counts for somebody: institutions by their own country, places by that of what
-- counts for them. What has a place at this level at all is kept in `placed`. A place is one for holders by what it has of theirs:
-- institution, stated place, and for institutions the named parents.
-- Reads site, institutions, holder; variables within, level.
-- Makes tables placed (a row a holder), place (fewer of these, a row one and entity).
CREATE OR REPLACE TEMP TABLE placed AS SELECT DISTINCT holder FROM place NATURAL JOIN holder;

CREATE OR REPLACE TEMP TABLE place AS
SELECT holder.holder, place.id, place.part, place.kind
FROM place
NATURAL JOIN holder
JOIN site USING (institution, stated)
LEFT JOIN institutions ON institutions.id = place.id
WHERE getvariable('within') IS NULL OR list_contains(
    getvariable('within'),
    CASE WHEN getvariable('level') = 'institution' THEN institutions.country ELSE site.country END
);
