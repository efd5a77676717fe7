-- The strings of these papers, and the entities that each may name.
-- Reads credit, touched, place.
-- Makes paper, affiliation, ids: one row per paper and string.
SELECT credit.paper, credit.affiliation, list(DISTINCT place.id) FILTER (place.id IS NOT NULL) AS ids
FROM credit
SEMI JOIN touched USING (venue, year)
LEFT JOIN place USING (institution, stated)
GROUP BY credit.paper, credit.affiliation;
