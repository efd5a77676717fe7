-- The papers of the slice: all, those whose affiliations are not aligned to authors, and those in none of the areas.
SELECT
    count(*) AS papers,
    count(*) FILTER (NOT aligned) AS unaligned,
    count(*) FILTER (venue NOT IN (SELECT venue FROM venue_area)) AS outside
FROM paper;
