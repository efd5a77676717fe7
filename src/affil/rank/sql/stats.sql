-- Totals by venue and year: papers, and the outcome of mentions by the answers of a table, those of now or of before.
-- Reads string, mention, paper.
-- Makes one row per venue and year.
WITH asked AS (
    SELECT
        string,
        bool_or(decision = 'match') AS matched,
        bool_or(decision = 'review') AS review,
        bool_or(decided) AS decided
    FROM string
    JOIN {answer} USING (affiliation)
    GROUP BY string
),
mentioned AS (
    SELECT
        paper.venue,
        paper.year,
        count(*) AS mentions,
        count(*) FILTER (matched) AS matched,
        count(*) FILTER (review AND NOT matched) AS review,
        count(*) FILTER (NOT matched AND NOT review) AS none,
        count(*) FILTER (mention.string IS NULL) AS missing,
        count(*) FILTER (mention.string IS NOT NULL AND asked.string IS NULL) AS pending,
        count(*) FILTER (decided) AS decided
    FROM mention
    JOIN paper USING (paper)
    LEFT JOIN asked USING (string)
    GROUP BY paper.venue, paper.year
),
held AS (
    SELECT
        venue,
        year,
        count(*) FILTER (NOT repeated) AS papers,
        count(*) FILTER (NOT repeated AND NOT aligned) AS unaligned,
        count(*) FILTER (repeated) AS repeated
    FROM paper
    GROUP BY venue, year
)
SELECT held.*, COLUMNS(mentioned.* EXCLUDE (venue, year))
FROM held
LEFT JOIN mentioned USING (venue, year);
