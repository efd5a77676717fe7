"""What is ticked beforehand on a card."""

from __future__ import annotations

import pytest

from affil.review.card import proposed
from affil.types import Decision, Institution, Match, Reason

ACRONYM, OFFICIAL = Reason("name_exact", "acronym"), Reason("name_exact", "official")
CITY, COUNTRY, PARENT, OTHER = (Reason(name) for name in ("city_named", "country_named", "parent_named", "other_name_named"))


@pytest.mark.parametrize(
    ("probability", "reasons", "ticked"),
    [
        (0.82, [ACRONYM], False),  # "ESAT-PSI" is not the Paul Scherrer Institute
        (0.82, [ACRONYM, Reason("bearers", value=3)], False),
        (0.96, [ACRONYM], True),
        *((0.6, [ACRONYM, more], True) for more in (CITY, COUNTRY, PARENT, OTHER)),
        (0.6, [OFFICIAL], True),
        (0.6, [Reason("name_coverage", "official", 0.7)], True),
        (0.4, [OFFICIAL, CITY], False),
        (0.4, [ACRONYM, CITY], False),
    ],
)
def test_an_acronym_alone_is_not_ticked(probability: float, reasons: list[Reason], ticked: bool) -> None:
    match = Match(Institution("i", "I"), probability, Decision.REVIEW, 0, 1, "PSI", tuple(reasons))
    assert proposed(match, ticked=0.5, sure=0.95) == ticked
