-- The papers and authors of each pair by number, once for all slices.
-- Reads credit, drawn_string, holder.
-- Makes tables numbered_paper, numbered_author, and named: one row per pair, paper and author.
CREATE OR REPLACE TEMP TABLE numbered_paper AS
SELECT CAST(row_number() OVER () AS INTEGER) AS number, venue, year, paper FROM (SELECT DISTINCT venue, year, paper FROM credit);

CREATE OR REPLACE TEMP TABLE numbered_author AS
SELECT CAST(row_number() OVER () AS INTEGER) AS number, author
FROM (SELECT DISTINCT author FROM credit WHERE author IS NOT NULL);

CREATE OR REPLACE TEMP TABLE named AS
SELECT DISTINCT drawn_string.string, holder, venue, year, numbered_paper.number AS paper, numbered_author.number AS author
FROM credit
JOIN drawn_string USING (affiliation)
JOIN holder USING (institution, stated)
JOIN numbered_paper USING (venue, year, paper)
LEFT JOIN numbered_author USING (author);
