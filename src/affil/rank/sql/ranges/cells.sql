-- The sets of strings of authors (or unaligned papers) in each venue and year, and the parts of papers with each set.
-- Reads held_in, slice, set_of.
-- Makes strings, venue, year, part: one row per set, venue and year.
SELECT strings, venue, year, part
FROM held_in
JOIN slice USING (cell)
JOIN set_of USING (set)
ORDER BY cell, set;
