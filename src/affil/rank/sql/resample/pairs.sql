-- The pairs to draw: each string of the slice with each institution that it may name; certain ones have probability 1.
-- Reads credit, slice, place; variable kind.
-- Makes tables pair, holder, drawn_string, ranked, each numbered from 0.
CREATE OR REPLACE TEMP TABLE pair AS
SELECT
    CAST(row_number() OVER (ORDER BY affiliation, institution) - 1 AS INTEGER) AS pair,
    affiliation,
    institution,
    stated,
    coalesce(max(probability), 1) AS probability
FROM credit
JOIN slice USING (venue, year)
WHERE institution IS NOT NULL
GROUP BY affiliation, institution, stated;

CREATE OR REPLACE TEMP TABLE holder AS
SELECT CAST(row_number() OVER (ORDER BY institution, stated) - 1 AS INTEGER) AS holder, institution, stated
FROM (SELECT DISTINCT institution, stated FROM pair);

CREATE OR REPLACE TEMP TABLE drawn_string AS
SELECT CAST(row_number() OVER (ORDER BY affiliation) - 1 AS INTEGER) AS string, affiliation
FROM (SELECT DISTINCT affiliation FROM credit JOIN slice USING (venue, year) WHERE affiliation IS NOT NULL);

CREATE OR REPLACE TEMP TABLE ranked AS
SELECT CAST(row_number() OVER (ORDER BY id) - 1 AS INTEGER) AS entity, id
FROM (
    SELECT DISTINCT place.id
    FROM holder
    JOIN place USING (institution, stated)
    WHERE getvariable('kind') IS NULL OR place.kind = getvariable('kind')
);
