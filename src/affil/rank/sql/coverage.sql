-- Coverage of the venues and years of the slice, with its weights (within one area, a venue's part of it), and the areas of the
-- mean without papers in it.
-- Reads stats, slice, slice_area, and area.
-- Makes one row of sums.
SELECT
    sum(papers) AS papers,
    sum(unaligned) AS unaligned,
    sum(repeated) AS repeated,
    coalesce(sum(papers) FILTER ((venue, year) NOT IN (SELECT (venue, year) FROM slice_area)), 0) AS outside,
    sum(mentions) AS mentions,
    sum(matched) AS matched,
    sum(review) AS review,
    sum(none) AS none,
    sum(missing) AS missing,
    sum(pending) AS pending,
    sum(decided) AS decided,
    sum(papers * weight) AS weight,
    (SELECT list(area) FROM area WHERE weight > 0 AND area NOT IN (SELECT area FROM slice_area)) AS empty_areas
FROM stats
JOIN slice USING (venue, year);
