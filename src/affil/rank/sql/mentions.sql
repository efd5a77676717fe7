-- An author with one raw string, or with none; for a paper that is not aligned, one of its strings. Strings are numbered: texts
-- are compared once, numbers from here on; names are folded.
CREATE TEMP TABLE string AS
SELECT CAST(row_number() OVER (ORDER BY affiliation) AS INTEGER) AS string, affiliation
FROM (
    SELECT DISTINCT affiliation
    FROM mentions
    WHERE affiliation IS NOT NULL AND paper IN (SELECT id FROM paper WHERE NOT repeated)
);

CREATE TEMP TABLE person AS
SELECT author AS name, folded(author) AS author
FROM (SELECT DISTINCT author FROM mentions WHERE author IS NOT NULL AND paper IN (SELECT id FROM paper WHERE NOT repeated));

CREATE TEMP TABLE mention AS
SELECT paper.paper, mentions.position, person.author, string.string
FROM mentions
JOIN paper ON paper.id = mentions.paper AND NOT paper.repeated
LEFT JOIN person ON person.name = mentions.author
LEFT JOIN string USING (affiliation);
