-- Credit by paper and institution: the data from which pages compute everything. An institution that counts for another place
-- than its own in some strings (`stated`) is a separate one there.
-- Reads credit.
-- Makes one row per paper and institution.
SELECT venue, year, paper, concat_ws(chr(31), institution, nullif(stated, '')) AS institution, CAST(sum(credit) AS DOUBLE) AS credit, bool_and(aligned) AS aligned
FROM credit
WHERE counted
GROUP BY venue, year, paper, credit.institution, stated
ORDER BY venue, year, paper, credit.institution, stated;
