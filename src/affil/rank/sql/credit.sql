-- Fractional credit: a paper's weight, 1/K of it to each of its K authors, each share split evenly over what the author names.
-- A string in which no institution is counted stands for one unknown institution, so the known ones do not inherit its part.
-- Where affiliations are not aligned to authors (position is null), the paper's weight is split over what the paper names.
CREATE TEMP TABLE credit AS
WITH claim AS (
    SELECT DISTINCT
        mention.paper,
        mention.position,
        mention.author,
        found.institution,
        CASE WHEN found.institution IS NULL THEN mention.string END AS unknown
    FROM mention
    LEFT JOIN found ON found.string = mention.string AND (found.decision = 'match' OR getvariable('include_review'))
    WHERE mention.string IS NOT NULL
),
counted AS (
    SELECT *, count(*) OVER (PARTITION BY paper, position) AS claims FROM claim
)
SELECT
    counted.paper,
    paper.venue,
    paper.aligned,
    counted.author,
    counted.institution,
    -- Exact decimals: a sum does not depend on the order in which it is made.
    CAST(paper.weight / CASE WHEN paper.aligned THEN paper.authors ELSE 1 END / counted.claims AS DECIMAL(38, 15)) AS credit
FROM counted
JOIN paper USING (paper)
WHERE counted.institution IS NOT NULL;
