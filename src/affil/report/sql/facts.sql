-- One row a paper and institution that counts in it: what everything on the pages is counted from.
-- An institution that counts for another place than its own in some strings (`stated`) is another one there.
-- Reads credit.
-- Makes a row a paper and institution.
SELECT venue, year, paper, concat_ws(chr(31), institution, nullif(stated, '')) AS institution, CAST(sum(credit) AS DOUBLE) AS credit, bool_and(aligned) AS aligned
FROM credit
WHERE counted
GROUP BY venue, year, paper, credit.institution, stated
ORDER BY venue, year, paper, credit.institution, stated;
