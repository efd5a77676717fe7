-- The pairs that may be right or wrong: each string of the slice with each institution that it may name; certain ones have
-- probability 1. A pair is in review if it stands uncounted where no other string of the author (or paper) names the institution;
-- its mentions are counted then.
-- Reads credit, slice, place; variable kind.
-- Makes tables waiting (what is in review), and pair, holder, drawn_string, ranked, each numbered from 0.
CREATE OR REPLACE TEMP TABLE waiting AS
SELECT DISTINCT affiliation, institution, stated
FROM (SELECT * FROM credit JOIN slice USING (venue, year) WHERE NOT counted AND institution IS NOT NULL) AS open
ANTI JOIN (SELECT * FROM credit WHERE counted AND several) AS sure
    ON sure.paper = open.paper
    AND sure.venue = open.venue
    AND sure.year = open.year
    AND coalesce(sure.position, -1) = coalesce(open.position, -1)  -- -1: a paper that is not aligned
    AND sure.institution = open.institution;

CREATE OR REPLACE TEMP TABLE pair AS
SELECT
    CAST(row_number() OVER (ORDER BY affiliation, institution, stated) - 1 AS INTEGER) AS pair,
    affiliation,
    institution,
    stated,
    coalesce(max(probability), 1) AS probability,
    bool_or(waiting.affiliation IS NOT NULL) AS review,
    count(DISTINCT (credit.venue, credit.year, credit.paper, coalesce(credit.position, -1)))
        FILTER (waiting.affiliation IS NOT NULL) AS mentions
FROM credit
JOIN slice USING (venue, year)
LEFT JOIN waiting USING (affiliation, institution, stated)
WHERE institution IS NOT NULL
GROUP BY affiliation, institution, stated;

CREATE OR REPLACE TEMP TABLE holder AS
SELECT CAST(row_number() OVER (ORDER BY institution, stated) - 1 AS INTEGER) AS holder, institution, stated
FROM (SELECT DISTINCT institution, stated FROM pair);

CREATE OR REPLACE TEMP TABLE drawn_string AS
SELECT CAST(row_number() OVER (ORDER BY affiliation) - 1 AS INTEGER) AS string, affiliation
FROM (SELECT DISTINCT affiliation FROM credit JOIN slice USING (venue, year) WHERE affiliation IS NOT NULL);

CREATE OR REPLACE TEMP TABLE ranked AS
SELECT CAST(row_number() OVER (ORDER BY id) - 1 AS INTEGER) AS entity, id
FROM (
    SELECT DISTINCT place.id
    FROM holder
    JOIN place USING (institution, stated)
    WHERE getvariable('kind') IS NULL OR place.kind = getvariable('kind')
);
