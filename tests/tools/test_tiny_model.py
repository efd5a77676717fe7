"""The tiny model of the unit tests is of this version, and of the table beside it."""

from __future__ import annotations

from affil.match import Matcher


def test_the_tiny_model_was_made_from_what_is_here(tiny_matcher: Matcher) -> None:
    """Fails where features, their settings, the rules of text or the table changed: run tools/tiny_model.py."""
    assert tiny_matcher.model_card["registry"] == tiny_matcher.registry.hash
    assert tiny_matcher.differences == ()
    assert tiny_matcher.model_card["data"] == {}, "no labelled strings"
