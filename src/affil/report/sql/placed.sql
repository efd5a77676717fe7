-- The entities each institution counts for; with another place than its own, keyed as in `facts`.
-- Reads place, holder.
-- Makes institution, id, part: one row per institution and entity.
SELECT concat_ws(chr(31), institution, nullif(stated, '')) AS institution, id, part
FROM place
JOIN holder USING (holder)
ORDER BY ALL;
