-- The part of each paper of the slice that each entity holds; a rolled-up institution with several parents gives each a part.
-- Reads credit, slice, place; variable kind.
-- Makes table holding: one row per entity and paper.
CREATE OR REPLACE TEMP TABLE holding AS
SELECT
    place.id,
    credit.cell,
    credit.paper,
    bool_and(credit.aligned) AS aligned,
    sum(CAST(credit.credit * place.part AS DECIMAL(16, 15))) AS credit
FROM credit
SEMI JOIN slice USING (cell)
JOIN place USING (holder)
WHERE credit.counted AND (getvariable('kind') IS NULL OR place.kind = getvariable('kind'))
GROUP BY place.id, credit.cell, credit.paper;
