-- Distinct author names by venue, year and institution.
-- Reads credit.
-- Makes author, institution, venue, year.
SELECT DISTINCT author, concat_ws(chr(31), institution, nullif(stated, '')) AS institution, venue, year
FROM credit
WHERE counted AND author IS NOT NULL
ORDER BY author, institution, venue, year;
