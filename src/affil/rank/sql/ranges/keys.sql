-- Strings, institutions (with the place that a string states), and sets of strings by number, once for all slices. A pair of a string and
-- an institution waits for a decision where it stands uncounted and no other string of the author (or paper) names the institution.
-- Reads credit.
-- Makes tables drawn_string, holder, set_of, each numbered from 0; claim (credit by these numbers), waiting (pairs by venue and year),
-- and mentioned (how often they are mentioned), pair_in and held_in (pairs, and parts of papers with a set, by venue and year).
CREATE OR REPLACE TEMP TABLE drawn_string AS
SELECT CAST(row_number() OVER (ORDER BY affiliation) - 1 AS INTEGER) AS string, affiliation
FROM (SELECT DISTINCT affiliation FROM credit WHERE affiliation IS NOT NULL);

CREATE OR REPLACE TEMP TABLE holder AS
SELECT CAST(row_number() OVER (ORDER BY institution, stated) - 1 AS INTEGER) AS holder, institution, stated
FROM (SELECT DISTINCT institution, stated FROM credit WHERE institution IS NOT NULL);

CREATE OR REPLACE TEMP TABLE claim AS
SELECT venue, year, drawn_string.string, holder, probability, credit, several
FROM credit
JOIN drawn_string USING (affiliation)
LEFT JOIN holder USING (institution, stated);

CREATE OR REPLACE TEMP TABLE waiting AS
SELECT DISTINCT affiliation, institution, stated, venue, year
FROM (SELECT * FROM credit WHERE NOT counted AND institution IS NOT NULL) AS open
ANTI JOIN (SELECT * FROM credit WHERE counted AND several) AS sure
    ON sure.paper = open.paper
    AND sure.venue = open.venue
    AND sure.year = open.year
    AND coalesce(sure.position, -1) = coalesce(open.position, -1)  -- -1: a paper that is not aligned
    AND sure.institution = open.institution;

CREATE OR REPLACE TEMP TABLE mentioned AS
SELECT
    drawn_string.string,
    holder,
    venue,
    year,
    bool_or(waiting.venue IS NOT NULL) AS waits,
    count(DISTINCT (paper, coalesce(position, -1))) AS mentions
FROM (SELECT * FROM credit SEMI JOIN waiting USING (affiliation, institution, stated))
LEFT JOIN waiting USING (affiliation, institution, stated, venue, year)
JOIN drawn_string USING (affiliation)
JOIN holder USING (institution, stated)
GROUP BY drawn_string.string, holder, venue, year;

CREATE OR REPLACE TEMP TABLE pair_in AS
SELECT claimed.*, coalesce(waits, false) AS waits, coalesce(mentions, 0) AS mentions
FROM (
    SELECT string, holder, venue, year, max(probability) AS probability
    FROM claim
    WHERE holder IS NOT NULL
    GROUP BY string, holder, venue, year
) AS claimed
LEFT JOIN mentioned USING (string, holder, venue, year);

CREATE OR REPLACE TEMP TABLE held_in AS
SELECT strings, venue, year, CAST(sum(part) AS DOUBLE) AS part
FROM (
    SELECT [string] AS strings, venue, year, sum(credit) AS part
    FROM claim
    WHERE NOT several
    GROUP BY string, venue, year
    UNION ALL
    SELECT list_sort(list(DISTINCT drawn_string.string)), venue, year, sum(credit)
    FROM credit
    JOIN drawn_string USING (affiliation)
    WHERE several
    GROUP BY venue, year, paper, position
)
GROUP BY strings, venue, year;

CREATE OR REPLACE TEMP TABLE set_of AS
SELECT CAST(row_number() OVER (ORDER BY strings) - 1 AS INTEGER) AS set, strings FROM (SELECT DISTINCT strings FROM held_in);

CREATE OR REPLACE TEMP TABLE held_in AS
SELECT set, venue, year, part FROM held_in JOIN set_of USING (strings);
