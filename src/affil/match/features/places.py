"""Agreement of institutions' locations with the places named in the string."""

from __future__ import annotations

import numpy as np

from affil.match.candidates import Candidates
from affil.match.features.table import Columns
from affil.match.index import Index
from affil.match.mentions import Mentions
from affil.match.pairs import STRIDE, keys_in
from affil.registry.arrays import Ints


def place_columns(m: Mentions, c: Candidates, index: Index) -> Columns:
    """Features of agreement and conflict between the institution's location and the named places."""
    country = index.inst_country_id[c.inst].astype(np.int64)
    base = c.string * STRIDE
    named = np.zeros(m.count, bool)
    named[m.country // STRIDE] = True
    cities = np.zeros(m.count, bool)
    cities[m.city // STRIDE] = True
    sure = np.zeros(m.count, bool)
    sure[m.sure_country // STRIDE] = True
    somewhere = np.zeros(m.count, bool)
    somewhere[m.city_country // STRIDE] = True
    wider = index.wider[country].astype(np.int64)
    agrees = keys_in(base + country, m.country)
    city = (index.inst_city_id[c.inst] >= 0) & keys_in(base + index.inst_city_id[c.inst], m.city)
    region = (index.inst_region_id[c.inst] > 0) & keys_in(base + index.inst_region_id[c.inst], m.region)
    # "Pasadena, CA" is not in Canada
    tolerated = agrees | keys_in(base + wider, m.country) | (city & region)
    in_country = keys_in(base + country, m.city_country) | keys_in(base + wider, m.city_country)
    in_region = (index.inst_region_id[c.inst] > 0) & keys_in(base + index.inst_region_id[c.inst], m.city_region)
    own = ~m.borrowed[c.string]  # places borrowed from another part never count against a name
    return {
        "country_agrees": agrees,
        "country_differs": own & named[c.string] & ~tolerated,
        "city_agrees": city,
        "city_differs": own & somewhere[c.string] & ~in_country & ~city,
        "elsewhere": own
        & sure[c.string]
        & ~(keys_in(base + country, m.sure_country) | keys_in(base + wider, m.sure_country) | (city & region)),
        "region_agrees": region,
        "other_city": (own & cities[c.string] & ~city) * np.where(in_region, 0.5, 1.0),
    }


def nearness_of(places: Columns) -> Ints:
    """Nearness of each row to the named places: 3 same city, 2 region, 1 country, 0 unknown, -1 elsewhere."""
    another = places["country_differs"] | places["elsewhere"]
    levels: Ints = np.select(
        [another, places["city_agrees"], places["region_agrees"], places["country_agrees"]], [-1, 3, 2, 1], 0
    )
    return levels
