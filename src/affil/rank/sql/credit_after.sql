-- Credit as it is once papers are counted again: theirs, and that of all others as it was.
-- Reads credit_before, paper, credit.
-- Makes table credit_after: one row per author or paper, string and institution.
CREATE OR REPLACE TEMP TABLE credit_after AS
SELECT * FROM credit_before ANTI JOIN paper ON paper.id = credit_before.paper
UNION ALL BY NAME
SELECT * FROM credit;
