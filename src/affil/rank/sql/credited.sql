-- The credit of each venue and year that any institution has, with and without a place at this level.
-- Reads credit, placed.
-- Makes table credited: two rows per venue and year.
CREATE OR REPLACE TEMP TABLE credited AS
SELECT cell, holder IN (SELECT holder FROM placed) AS placed, CAST(sum(credit) AS DOUBLE) AS credit
FROM credit
WHERE counted
GROUP BY ALL;
