-- The papers of the slice, numbered. venue_slice holds its venues, and what one paper of each weighs in it.
CREATE TEMP TABLE paper AS
SELECT
    CAST(row_number() OVER () AS INTEGER) AS paper,
    papers.id,
    venue_slice.venue,
    venue_slice.weight,
    papers.aligned,
    papers.authors
FROM papers
JOIN venue_slice ON papers.venue = venue_slice.published
WHERE papers.year BETWEEN getvariable('first_year') AND getvariable('last_year');

-- Their mentions, with the raw strings numbered too: texts are compared once, numbers from here on.
CREATE TEMP TABLE string AS
SELECT CAST(row_number() OVER () AS INTEGER) AS string, affiliation
FROM (SELECT DISTINCT affiliation FROM mentions WHERE affiliation IS NOT NULL);

CREATE TEMP TABLE mention AS
SELECT paper.paper, mentions.position, mentions.author, string.string
FROM mentions
JOIN paper ON paper.id = mentions.paper
LEFT JOIN string USING (affiliation);
