"""Short forms as Chinese authors type them: the shipped registry and model know whose they are, or leave them to a person.

`short_forms.csv` was written from knowledge of the field, not from the tables. `institution_id` is empty where the form alone does
not tell; `also` has the other institutions of a form.
"""

import csv
from pathlib import Path

import pytest

from affil.match import Matcher
from affil.types import Decision, Match

LIST = Path(__file__).with_name("short_forms.csv")
MOSTLY = 0.75  # share of the mentions of all homonyms in AI papers
LEAST_RIGHT = 0.97
Row = dict[str, str]
Answer = tuple[Row, Match | None]


@pytest.fixture(scope="module")
def matcher(shipped_matcher: Matcher) -> Matcher:
    return shipped_matcher


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    with LIST.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def answers(matcher: Matcher, rows: list[Row]) -> list[Answer]:
    """Each row with the matcher's best answer, or None."""
    results = matcher.match_many([r["short_form"] for r in rows])
    return [(r, next(iter(result.matches), None)) for r, result in zip(rows, results, strict=True)]


def say(row: Row, best: Match | None) -> str:
    answer = f"{best.institution.name} ({best.decision}, {best.probability:.2f})" if best else "none"
    return f"{row['short_form']}: {answer}, not {row['institution_id'] or 'decided'}"


def test_the_list_has_200_forms_and_the_registry_their_institutions(matcher: Matcher, rows: list[Row]) -> None:
    assert len({r["short_form"] for r in rows}) == len(rows) == 200
    named = {i for r in rows for i in (r["institution_id"] + " " + r["also"]).split()}
    assert not named - set(matcher.registry.ids)
    assert all(r["institution_id"] or len(r["also"].split()) > 1 for r in rows)


def test_forms_that_mean_one_institution_resolve(answers: list[Answer]) -> None:
    """The best answer is the institution, whether decided a match or sent to review."""
    told = [(r, best) for r, best in answers if r["institution_id"]]
    wrong = [say(r, best) for r, best in told if best is None or best.institution.id != r["institution_id"]]
    assert len(wrong) <= (1 - LEAST_RIGHT) * len(told), "\n".join(wrong)


def test_ambiguous_forms_are_not_guessed(matcher: Matcher, answers: list[Answer]) -> None:
    """Without context one of the homonyms goes to review, or none; a match is one that papers mostly mean by the form."""
    guessed = []
    registry = matcher.registry
    for row, best in answers:
        if not row["also"] or best is None or best.institution.id == row["institution_id"]:
            continue
        homonyms = {*row["also"].split(), row["institution_id"]} - {""}
        usage = {i: registry.get(i).usage for i in homonyms}
        mostly = usage.get(best.institution.id, 0) >= MOSTLY * sum(usage.values())
        if (best.decision == Decision.MATCH and not mostly) or best.institution.id not in row["also"].split():
            guessed.append(say(row, best))
    assert not guessed, "\n".join(guessed)
