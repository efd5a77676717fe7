-- The strings of these papers, and the entities that each may name.
-- Reads credit, changed, place, paper_id, drawn_string.
-- Makes paper, affiliation, ids: one row per paper and string.
SELECT paper_id.id AS paper, drawn_string.affiliation, list(DISTINCT place.id) FILTER (place.id IS NOT NULL) AS ids
FROM credit
JOIN paper_id USING (paper)
SEMI JOIN changed ON changed.paper = paper_id.id
LEFT JOIN drawn_string USING (string)
LEFT JOIN place USING (holder)
GROUP BY paper_id.id, drawn_string.affiliation;
