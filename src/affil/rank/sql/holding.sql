-- The part of each paper of the slice that each entity holds; a rolled-up institution with several parents gives each a part.
-- Reads credit, slice, place; variable kind.
-- Makes tables holding (one row per entity and paper), and entity_cell (one row per entity, venue and year).
CREATE OR REPLACE TEMP TABLE holding AS
SELECT
    place.id,
    credit.cell,
    credit.paper,
    bool_and(credit.aligned) AS aligned,
    sum(CASE WHEN place.part = 1 THEN credit.credit ELSE CAST(credit.credit * place.part AS DECIMAL(16, 15)) END) AS credit
FROM credit
SEMI JOIN slice USING (cell)
JOIN place USING (holder)
WHERE credit.counted AND (getvariable('kind') IS NULL OR place.kind = getvariable('kind'))
GROUP BY place.id, credit.cell, credit.paper;

CREATE OR REPLACE TEMP TABLE entity_cell AS
SELECT
    id,
    cell,
    CAST(sum(credit) AS DOUBLE) AS credit,
    count(*) AS publications,
    count(*) FILTER (NOT aligned) AS unaligned
FROM holding
GROUP BY id, cell;
