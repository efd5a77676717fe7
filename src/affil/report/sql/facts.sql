-- Credit by paper and institution: the data from which pages compute everything. An institution that counts for another place
-- than its own in some strings (`stated`), or rolls up to parents that they name, is a separate one there.
-- Reads credit, cell, holder.
-- Makes one row per paper and institution.
SELECT venue, year, paper, known_as AS institution, CAST(credited.credit AS DOUBLE) AS credit, aligned
FROM (
    SELECT cell, paper, holder, sum(credit) AS credit, bool_and(aligned) AS aligned
    FROM credit
    WHERE counted
    GROUP BY cell, paper, holder
) AS credited
JOIN cell USING (cell)
JOIN holder USING (holder)
ORDER BY cell, paper, holder;
