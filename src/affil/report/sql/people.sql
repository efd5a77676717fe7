-- Distinct authors, numbered by their names, by venue, year and institution.
-- Reads credit, cell, holder.
-- Makes author, institution, venue, year.
SELECT author, known_as AS institution, venue, year
FROM (SELECT DISTINCT author, holder, cell FROM credit WHERE counted AND author IS NOT NULL)
JOIN cell USING (cell)
JOIN holder USING (holder)
ORDER BY author, holder, cell;
