-- Fractional credit, as parts of a paper: 1/K to each of its K authors, each part split evenly over the institutions of the
-- author's strings. A string without a counted institution represents one unknown institution, so that known ones do not
-- inherit its part. If affiliations are not aligned to authors (position is null), the whole is split over the institutions of
-- the paper's strings. Institutions that are not counted (in review, or named twice) have no credit; `several` marks holders
-- with several strings.
-- Reads mention, several, naming, paper, string; variables first_paper, last_paper.
-- Makes table credit: one row per author or paper, string and institution.
CREATE OR REPLACE TEMP TABLE credit AS
WITH claim AS (
    SELECT mention.*, naming.* EXCLUDE (string), several.paper IS NOT NULL AS several
    FROM mention
    LEFT JOIN several ON several.paper = mention.paper AND several.author = coalesce(mention.position, -1)
    LEFT JOIN naming USING (string)
    WHERE mention.paper BETWEEN getvariable('first_paper') AND getvariable('last_paper')
),
-- A holder of one string claims its institutions; one of several claims each institution once, and each string without any once.
-- `parts` is the number of claims that share the credit.
marked AS (
    SELECT
        *,
        coalesce(counts, false) AS named,
        coalesce(known = 0 AND first, true) AS unknown,
        greatest(known, 1) AS parts
    FROM claim
    WHERE NOT several
    UNION ALL
    SELECT *, count(*) FILTER (named OR unknown) OVER (PARTITION BY paper, position)
    FROM (
        SELECT
            *,
            counts AND row_number() OVER (PARTITION BY paper, position, institution ORDER BY counts DESC, string) = 1 AS named,
            known = 0 AND row_number() OVER (PARTITION BY paper, position, string ORDER BY institution) = 1 AS unknown
        FROM claim
        WHERE several
    )
)
SELECT
    paper.venue,
    paper.year,
    paper.id AS paper,
    marked.paper AS number,
    paper.aligned,
    marked.position,
    marked.author,
    string.affiliation,
    marked.institution,
    coalesce(marked.stated, '') AS stated,
    marked.probability,
    -- Exact decimals, so that sums do not depend on their order.
    CAST(
        CASE WHEN named OR unknown THEN 1 / CASE WHEN aligned THEN authors ELSE 1 END / parts ELSE 0 END AS DECIMAL(16, 15)
    ) AS credit,
    named AS counted,
    marked.several,
    marked.string  -- strings are numbered in order
FROM marked
JOIN paper USING (paper)
LEFT JOIN string USING (string);
