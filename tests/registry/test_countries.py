"""Countries as a column of a sheet has them."""

import pycountry
import pytest

from affil.registry.countries import country_code


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("CN", "CN"),
        ("in", "IN"),
        ("CHN", "CN"),
        ("P.R. China", "CN"),
        ("Republic of China", "TW"),
        ("中國", "CN"),
        ("Deutschland", "DE"),
        ("The Netherlands", "NL"),
        ("Kosovo", "XK"),
        ("Congo", ""),  # two are called so
        ("Q148", ""),
        ("Europe", ""),
        ("n/a", ""),
        ("", ""),
    ],
)
def test_codes_and_names(written: str, code: str) -> None:
    assert country_code(written) == code


def test_every_code_is_understood() -> None:
    for country in pycountry.countries:
        assert country_code(country.alpha_2) == country_code(country.alpha_3) == country.alpha_2
