-- What each institution counts for; one with another place than its own as in `facts`.
SELECT concat_ws(chr(31), institution, nullif(stated, '')) AS institution, id, part
FROM place
ORDER BY ALL;
