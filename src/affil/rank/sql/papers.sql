-- The papers of the wanted venues and years. Records of one venue and year are one paper if their folded titles are the same
-- (and long enough to be distinctive) and they share an author, or one of them has no authors: the record that ties
-- affiliations to authors, then the one with most authors, represents all.
-- Reads papers, venue_name, wanted, mentions; variable min_title.
-- Makes table paper: one row per record, numbered from 0.
CREATE OR REPLACE TEMP TABLE paper AS
WITH record AS (
    SELECT papers.id, venue_name.venue, papers.year, papers.aligned, papers.authors, folded(papers.title) AS title
    FROM papers
    JOIN venue_name ON venue_name.published = papers.venue
    SEMI JOIN wanted ON wanted.venue = venue_name.venue AND wanted.year = papers.year
),
twice AS (
    SELECT venue, year, title FROM record WHERE length(title) >= getvariable('min_title') GROUP BY ALL HAVING count(*) > 1
),
same_title AS (
    SELECT id, row_number() OVER same AS place, first_value(id) OVER same AS best
    FROM record
    SEMI JOIN twice USING (venue, year, title)
    WINDOW same AS (PARTITION BY venue, year, title ORDER BY aligned DESC, authors DESC, id)
),
people AS (
    SELECT paper, list(person(author)) AS names
    FROM mentions
    WHERE author IS NOT NULL AND paper IN (SELECT id FROM same_title)
    GROUP BY paper
),
repeat AS (
    SELECT same_title.id
    FROM same_title
    LEFT JOIN people AS mine ON mine.paper = same_title.id
    LEFT JOIN people AS theirs ON theirs.paper = same_title.best
    WHERE place > 1 AND coalesce(list_has_any(mine.names, theirs.names), true)
)
SELECT
    CAST(row_number() OVER (ORDER BY venue, year, id) - 1 AS INTEGER) AS paper,
    id,
    venue,
    year,
    aligned,
    authors,
    id IN (SELECT id FROM repeat) AS repeated
FROM record;
