-- The strings of these papers, and the entities that each may name.
-- Reads credit, cell, touched, place, paper_id, drawn_string.
-- Makes paper, affiliation, ids: one row per paper and string.
SELECT paper_id.id AS paper, drawn_string.affiliation, list(DISTINCT place.id) FILTER (place.id IS NOT NULL) AS ids
FROM credit
JOIN cell USING (cell)
SEMI JOIN touched ON touched.venue = cell.venue AND touched.year = cell.year
JOIN paper_id USING (paper)
LEFT JOIN drawn_string USING (string)
LEFT JOIN place USING (holder)
GROUP BY paper_id.id, drawn_string.affiliation;
