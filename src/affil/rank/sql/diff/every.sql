-- All papers of two states.
-- Reads credit_before, credit_after.
-- Makes paper.
SELECT paper FROM credit_before
UNION
SELECT paper FROM credit_after;
