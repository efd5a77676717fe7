-- Credit by numbers: texts are compared once, numbers from there on.
-- Reads stats, numbered, each_holder.
-- Makes tables cell (venues and years, numbered in order), holder (with the text by which pages know it), and credit (rows of credit with the numbers of
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
