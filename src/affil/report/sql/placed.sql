-- The entities each institution counts for; with another place than its own or named parents, keyed as in `facts`.
-- Reads place, holder.
-- Makes institution, id, part: one row per institution and entity.
SELECT known_as AS institution, id, part
FROM place
JOIN holder USING (holder)
ORDER BY ALL;
