-- The papers of which two states store other rows of credit, given those of the venues and years that differ.
-- Reads credit_before, credit_after.
-- Makes paper.
WITH old AS (SELECT paper, sum(hash(credit_before)) AS content FROM credit_before GROUP BY paper),
new AS (SELECT paper, sum(hash(credit_after)) AS content FROM credit_after GROUP BY paper)
SELECT paper
FROM old
FULL JOIN new USING (paper)
WHERE old.content IS DISTINCT FROM new.content;
