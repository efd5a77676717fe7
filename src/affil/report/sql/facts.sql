-- One row a paper and institution that counts in it: what everything on the pages is counted from.
SELECT venue, year, paper, institution, CAST(sum(credit) AS DOUBLE) AS credit, bool_and(aligned) AS aligned
FROM credit
WHERE counted
GROUP BY venue, year, paper, institution
ORDER BY venue, year, paper, institution;
