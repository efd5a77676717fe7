-- A mention is an author with one raw string, or with none; in an unaligned paper, one of its strings. Strings, folded names,
-- institutions, stated places and named parents are numbered in order, from 0 (a place, and parents: 0 is none): texts are compared
-- once, then numbers only. A string whose answer depends on the year is a separate one each year.
-- Reads mentions, paper, answer; variable include_review.
-- Makes tables string, person, mention, several, naming.
CREATE OR REPLACE TEMP TABLE string AS
SELECT CAST(row_number() OVER (ORDER BY affiliation, year) - 1 AS INTEGER) AS string, affiliation, year
FROM (
    SELECT DISTINCT mentions.affiliation, CASE WHEN dated.affiliation IS NOT NULL THEN paper.year END AS year
    FROM mentions
    JOIN paper ON paper.id = mentions.paper AND NOT paper.repeated
    LEFT JOIN (SELECT DISTINCT affiliation FROM answer WHERE before IS NOT NULL) AS dated USING (affiliation)
    WHERE mentions.affiliation IS NOT NULL
);

CREATE OR REPLACE TEMP TABLE person AS
SELECT name, folded, CASE WHEN folded IS NOT NULL THEN CAST(dense_rank() OVER (ORDER BY folded) - 1 AS INTEGER) END AS author
FROM (
    SELECT author AS name, person(author) AS folded
    FROM (SELECT DISTINCT author FROM mentions WHERE author IS NOT NULL AND paper IN (SELECT id FROM paper WHERE NOT repeated))
);

CREATE OR REPLACE TEMP TABLE mention AS
SELECT paper.paper, mentions.position, person.author, string.string
FROM mentions
JOIN paper ON paper.id = mentions.paper AND NOT paper.repeated
LEFT JOIN person ON person.name = mentions.author
LEFT JOIN string ON string.affiliation = mentions.affiliation AND coalesce(string.year = paper.year, true);

-- Holders of several strings: an author, or an unaligned paper (-1).
CREATE OR REPLACE TEMP TABLE several AS
SELECT paper, coalesce(position, -1) AS author FROM mention GROUP BY ALL HAVING count(*) > 1;

-- The institutions of each string: `known` is the number of counted ones, `first` marks one row per string.
CREATE OR REPLACE TEMP TABLE naming AS
WITH named AS (
    SELECT
        string.string,
        institution AS id,
        min(decision) AS decision,
        max(probability) AS probability,
        coalesce(max(stated), '') AS place,
        coalesce(max(named_parents), '') AS above
    FROM string
    LEFT JOIN answer
        ON answer.affiliation = string.affiliation
        AND coalesce(string.year >= answer.since, true)
        AND coalesce(string.year < answer.before, true)
    GROUP BY string.string, institution
)
SELECT
    string,
    id,
    place,
    above,
    CASE WHEN id IS NOT NULL THEN CAST(dense_rank() OVER (ORDER BY id) - 1 AS INTEGER) END AS institution,
    CASE WHEN place = '' THEN 0 ELSE CAST(dense_rank() OVER (PARTITION BY place = '' ORDER BY place) AS INTEGER) END AS stated,
    CASE WHEN above = '' THEN 0 ELSE CAST(dense_rank() OVER (PARTITION BY above = '' ORDER BY above) AS INTEGER) END AS named_parents,
    probability,
    id IS NOT NULL AND (decision = 'match' OR getvariable('include_review')) AS counts,
    count(*) FILTER (counts) OVER (PARTITION BY string) AS known,
    row_number() OVER (PARTITION BY string ORDER BY id) = 1 AS first
FROM named;
