-- What each institution counts for; one with another place than its own as in `facts`.
-- Reads place.
-- Makes institution, id, part: a row an institution and what it counts for.
SELECT concat_ws(chr(31), institution, nullif(stated, '')) AS institution, id, part
FROM place
ORDER BY ALL;
