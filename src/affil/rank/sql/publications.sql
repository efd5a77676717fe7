-- Whole count: the distinct papers that name the entity; unaligned are those among them whose authors' own parts are not known.
SELECT place.id, count(DISTINCT paper) AS publications, count(DISTINCT paper) FILTER (NOT aligned) AS unaligned
FROM credit
JOIN place USING (institution)
GROUP BY place.id;
