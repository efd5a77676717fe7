from __future__ import annotations

import pytest

from affil.ledger import Key, Ledger
from affil.ledger.agreement import agreement, disputed


def test_kappa_by_hand() -> None:
    """Of 4 strings both say A twice and B once, and differ once: observed 3/4, by chance (3/4)(2/4) + (1/4)(2/4) = 1/2."""
    ledger = Ledger("sqlite://")
    for string, first, second in (("1", "A", "A"), ("2", "A", "A"), ("3", "B", "B"), ("4", "A", "B")):
        ledger.decide(string, first, by="bo", why="w")
        ledger.decide(string, second, by="ana", why="w", blind=True)
    (found,) = agreement(ledger.cases())
    assert (found.first, found.second, found.strings, found.agreed) == ("ana", "bo", 4, 0.75)
    assert found.kappa == pytest.approx(0.5)
    assert disputed(ledger.cases()) == [Key("4")]
    ledger.decide("4", "B", by="cy", why="asked", settle=True)
    assert agreement(ledger.cases())[0] == found, "a settlement does not make them agree"
    assert disputed(ledger.cases()) == []


def test_only_blind_opinions_count() -> None:
    ledger = Ledger("sqlite://")
    ledger.decide("1", "A", by="ana", why="w")
    ledger.decide("1", "B", by="bo", why="saw what ana said")
    assert agreement(ledger.cases()) == []
    ledger.decide("2", "A", by="ana", why="w")
    ledger.decide("2", ["A"], by="bo", why="w", blind=True)
    (found,) = agreement(ledger.cases())
    assert (found.strings, found.agreed, found.kappa) == (1, 1.0, None), "one and the same answer says nothing"
