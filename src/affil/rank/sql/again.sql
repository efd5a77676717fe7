-- The papers that are counted already and mention a string whose answer changed: nothing else can differ where the papers are as they were.
-- Reads papers, venue_name, changed, credit_before.
-- Makes table paper: one row per record, numbered from 0.
CREATE OR REPLACE TEMP TABLE paper AS
SELECT
    CAST(row_number() OVER (ORDER BY venue_name.venue, papers.year, papers.id) - 1 AS INTEGER) AS paper,
    papers.id,
    venue_name.venue,
    papers.year,
    papers.aligned,
    papers.authors,
    false AS repeated
FROM papers
JOIN venue_name ON venue_name.published = papers.venue
WHERE papers.id IN (SELECT paper FROM credit_before SEMI JOIN changed USING (affiliation));
