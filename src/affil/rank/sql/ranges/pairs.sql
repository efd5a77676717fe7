-- The pairs that may be right or wrong: each string of the slice with each institution that it may name; certain ones have
-- probability 1. A pair is in review where it waits somewhere in the slice (see keys.sql); its mentions are counted then.
-- Reads pair_in, slice, place, holder; variable kind.
-- Makes tables pair (with the number of the institution, and whether the string names parents of it), and seat (the entities that each institution counts for, with its part), each numbered from 0.
CREATE OR REPLACE TEMP TABLE pair AS
SELECT
    CAST(row_number() OVER (ORDER BY string, holder) - 1 AS INTEGER) AS pair,
    string,
    holder,
    coalesce(max(probability), 1) AS probability,
    bool_or(waits) AS review,
    CAST(sum(mentions) AS BIGINT) AS mentions,
    any_value(claimant.institution) AS institution,
    any_value(claimant.told) AS told
FROM pair_in
SEMI JOIN slice USING (cell)
JOIN (
    SELECT holder, dense_rank() OVER (ORDER BY institution) AS institution, named_parents <> '' AS told FROM holder
) AS claimant USING (holder)
GROUP BY string, holder;

CREATE OR REPLACE TEMP TABLE seat AS
SELECT
    holder,
    CAST(dense_rank() OVER (ORDER BY id) - 1 AS INTEGER) AS entity,
    id,
    CAST(part AS DOUBLE) AS part
FROM place
WHERE holder IN (SELECT holder FROM pair) AND (getvariable('kind') IS NULL OR kind = getvariable('kind'));
