-- The strings in review that may name an entity and are not counted, most mentioned first.
-- Reads waiting, drawn_string.
-- Makes one row per string and institution.
SELECT
    affiliation,
    institution,
    max(probability) AS probability,
    count(DISTINCT (paper, position)) AS mentions,
    count(DISTINCT paper) AS papers
FROM waiting
JOIN drawn_string USING (string)
GROUP BY affiliation, institution
ORDER BY mentions DESC, papers DESC, affiliation, institution;
