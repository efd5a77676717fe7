-- Credit by numbers: texts are compared once, numbers from there on. A string that names an institution which was closed in a known year
-- has another answer after it, and so is another string, of its own number, in each year.
-- Reads stats, numbered, each_holder, each_string, institutions.
-- Makes tables cell (venues and years, numbered in order), drawn_string (the text of each string), dated_string (those by year), holder (with the text by which pages know it), and credit (rows of credit with the numbers of
-- venue and year, paper, author, string and holder, which is an institution with the place and the parents that the string names).
CREATE OR REPLACE TEMP TABLE cell AS
SELECT CAST(row_number() OVER (ORDER BY venue, year) - 1 AS INTEGER) AS cell, venue, year FROM stats;

CREATE OR REPLACE TEMP TABLE holder AS
SELECT *, concat_ws(chr(31), institution, nullif(concat_ws(chr(30), stated, nullif(named_parents, '')), '')) AS known_as
FROM each_holder;

CREATE OR REPLACE TEMP TABLE credit AS
SELECT cell, paper, aligned, position, author, string, holder, probability, credit, counted, several
FROM numbered
JOIN cell USING (venue, year);

CREATE OR REPLACE TEMP TABLE dated_string AS
SELECT
    string,
    year,
    CAST(row_number() OVER (ORDER BY string, year) - 1 + (SELECT count(*) FROM each_string) AS INTEGER) AS in_year
FROM credit
JOIN cell USING (cell)
WHERE string IN (
    SELECT string
    FROM credit
    JOIN holder USING (holder)
    WHERE institution IN (SELECT id FROM institutions WHERE id <> active_id)
)
GROUP BY string, year;

UPDATE credit
SET string = in_year
FROM dated_string JOIN cell USING (year)
WHERE credit.string = dated_string.string AND credit.cell = cell.cell;

CREATE OR REPLACE TEMP VIEW drawn_string AS
SELECT string, affiliation
FROM each_string
UNION ALL
SELECT in_year, affiliation FROM dated_string JOIN each_string USING (string);
