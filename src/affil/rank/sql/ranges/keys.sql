-- Pairs of a string and an institution, and sets of strings by number, once for all slices. A pair waits for a decision where it
-- stands uncounted, and its string names nothing that counts, so that it has a part of its own (as that of an unknown institution), or
-- no other string of the author (or paper) names the institution.
-- Reads credit, holder.
-- Makes tables waiting (pairs by venue and year), mentioned (how often they are mentioned), pair_in (pairs by venue and year), one_string and
-- some_strings (parts of papers by their strings), set_of (the strings of a set, numbered from 0), and held_in (parts of papers with a set, by venue and year).
CREATE OR REPLACE TEMP TABLE waiting AS
WITH open AS (
    SELECT string, holder, cell, paper, coalesce(position, -1) AS position, institution  -- -1: a paper that is not aligned
    FROM credit
    JOIN holder USING (holder)
    WHERE NOT counted
),
sure AS (
    SELECT cell, paper, coalesce(position, -1) AS position, institution
    FROM credit
    JOIN holder USING (holder)
    WHERE counted AND several
),
unknown AS (
    SELECT cell, paper, coalesce(position, -1) AS position, string FROM credit WHERE NOT counted AND several AND credit > 0
)
SELECT string, holder, cell FROM open ANTI JOIN sure USING (cell, paper, position, institution)
UNION
SELECT string, holder, cell FROM open SEMI JOIN unknown USING (cell, paper, position, string);

CREATE OR REPLACE TEMP TABLE mentioned AS
SELECT
    string,
    holder,
    cell,
    bool_or(waiting.cell IS NOT NULL) AS waits,
    count(DISTINCT (paper, coalesce(position, -1))) AS mentions
FROM (SELECT * FROM credit SEMI JOIN waiting USING (string, holder))
LEFT JOIN waiting USING (string, holder, cell)
GROUP BY string, holder, cell;

CREATE OR REPLACE TEMP TABLE pair_in AS
SELECT claimed.*, coalesce(waits, false) AS waits, coalesce(mentions, 0) AS mentions
FROM (
    SELECT string, holder, cell, max(probability) AS probability
    FROM credit
    WHERE holder IS NOT NULL
    GROUP BY string, holder, cell
) AS claimed
LEFT JOIN mentioned USING (string, holder, cell);

-- Most authors (and papers) have one string.
CREATE OR REPLACE TEMP TABLE one_string AS
SELECT string, cell, sum(credit) AS part FROM credit WHERE NOT several AND string IS NOT NULL GROUP BY string, cell;

CREATE OR REPLACE TEMP TABLE some_strings AS
SELECT strings, cell, sum(part) AS part
FROM (
    SELECT list_sort(list(DISTINCT string)) AS strings, cell, sum(credit) AS part
    FROM credit
    WHERE several AND string IS NOT NULL
    GROUP BY cell, paper, position
)
GROUP BY strings, cell;

CREATE OR REPLACE TEMP TABLE set_of AS
SELECT CAST(row_number() OVER (ORDER BY strings) - 1 AS INTEGER) AS set, strings
FROM (SELECT DISTINCT [string] AS strings FROM one_string UNION SELECT strings FROM some_strings);

CREATE OR REPLACE TEMP TABLE held_in AS
SELECT set, cell, CAST(sum(part) AS DOUBLE) AS part
FROM (
    SELECT set, cell, part FROM one_string JOIN (SELECT set, strings[1] AS string FROM set_of WHERE len(strings) = 1) USING (string)
    UNION ALL
    SELECT set, cell, part FROM some_strings JOIN set_of USING (strings)
)
GROUP BY set, cell;
