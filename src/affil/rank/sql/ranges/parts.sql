-- The sets of strings of authors (or unaligned papers), and the total weight of the parts with each set.
-- Reads held_in, set_of, and the areas again.
-- Makes strings and their weights: one row per set of strings.
SELECT strings, weighed.* EXCLUDE (set)
FROM (SELECT set, {weights} FROM held_in JOIN {areas} USING (cell) GROUP BY set) AS weighed
JOIN set_of USING (set)
ORDER BY set;
