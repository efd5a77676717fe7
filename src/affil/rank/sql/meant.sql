-- The institution with a given id in any form: by id, else the only one with it among its other ids (former ones, and those of
-- other registries).
-- Reads form, institutions, other.
-- Makes table meant: one row per id as given, with the id of the institution.
CREATE OR REPLACE TEMP TABLE meant AS
SELECT given, arg_min(id, place) AS id
FROM (
    SELECT form.given, institutions.id, form.place
    FROM form
    JOIN institutions ON institutions.id = form.form
    UNION ALL
    SELECT form.given, min(other.id), 1000 + form.place
    FROM form
    JOIN other ON other.other_id = form.form
    GROUP BY form.given, form.form, form.place
    HAVING count(DISTINCT other.id) = 1
)
GROUP BY given;
