-- The venues and years that are ranked, by number, with the weight of a paper; and the weight that it has in each area.
-- Reads chosen, chosen_area, cell.
-- Makes tables slice (one row per venue and year), slice_area (one row per venue, year and area).
CREATE OR REPLACE TEMP TABLE slice AS SELECT cell, venue, year, weight FROM chosen JOIN cell USING (venue, year);

CREATE OR REPLACE TEMP TABLE slice_area AS SELECT cell, venue, year, area, weight FROM chosen_area JOIN cell USING (venue, year);
