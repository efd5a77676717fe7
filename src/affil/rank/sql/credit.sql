-- Fractional credit, as parts of a paper: 1/K to each of its K authors, each part split evenly over the institutions of the
-- author's strings. A string without a counted institution represents one unknown institution, so that known ones do not
-- inherit its part. If affiliations are not aligned to authors (position is null), the whole is split over the institutions of
-- the paper's strings. Institutions that are not counted (in review, or named twice) have no credit; `several` marks holders
-- with several strings. One that several strings of a holder name is claimed by the first, or the first that names its parents.
-- Reads mention, several, naming, paper; variables first_paper, last_paper.
-- Makes numbers of paper, author, string, institution, stated place and named parents: one row per author or paper, string and institution.
WITH drawn AS (
    SELECT * FROM mention WHERE paper BETWEEN getvariable('first_paper') AND getvariable('last_paper')
),
holder AS (
    SELECT * FROM several WHERE paper BETWEEN getvariable('first_paper') AND getvariable('last_paper')
),
claim AS (
    SELECT drawn.*, institution, stated, named_parents, probability, counts, known, first, holder.paper IS NOT NULL AS several
    FROM drawn
    LEFT JOIN holder ON holder.paper = drawn.paper AND holder.author = coalesce(drawn.position, -1)
    LEFT JOIN naming USING (string)
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
            counts AND row_number() OVER (
                PARTITION BY paper, position, institution ORDER BY counts DESC, named_parents = 0, string
            ) = 1 AS named,
            known = 0 AND row_number() OVER (PARTITION BY paper, position, string ORDER BY institution) = 1 AS unknown
        FROM claim
        WHERE several
    )
)
SELECT
    paper,
    aligned,
    position,
    author,
    string,
    institution,
    coalesce(stated, 0) AS stated,
    coalesce(named_parents, 0) AS named_parents,
    probability,
    -- Exact decimals, so that sums do not depend on their order.
    CAST(
        CASE WHEN named OR unknown THEN 1 / CASE WHEN aligned THEN authors ELSE 1 END / parts ELSE 0 END AS DECIMAL(16, 15)
    ) AS credit,
    named AS counted,
    several
FROM marked
JOIN paper USING (paper)
ORDER BY paper, position, string, institution, credit;
