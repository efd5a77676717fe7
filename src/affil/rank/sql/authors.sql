-- Distinct normalised author names; where affiliations are not aligned, the author is null and nobody is counted.
SELECT id, count(DISTINCT author_key(author)) AS authors
FROM (SELECT DISTINCT place.id, author FROM credit JOIN place USING (institution))
GROUP BY id;
