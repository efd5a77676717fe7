"""Play a reviewer who knows the answers against the queue, to see how many mentions are settled by how many decisions."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from affil.errors import AffilError, InputError
from affil.review.groups import group_strings
from affil.review.queue import Numbers, Queue
from affil.review.session import Session

Answers = Mapping[str, frozenset[str]]  # raw string -> the ids of all institutions that it names
ORDERS = ("groups", "one by one", "size", "doubt", "random")
_COLUMNS = ("required", "institution_ids")
_PREFIX = "https://ror.org/"


@dataclass(frozen=True, slots=True)
class Played:
    """Mentions settled by decisions, for each of `ORDERS`.

    `strings` and `mentions` are those with a known answer. `settled[order][n]` are the mentions settled by the first n decisions;
    at random it is the expected number. `exceptions[n]` are the strings that the reviewer ticked off in the first n groups, which
    settled nothing.
    """

    strings: int
    mentions: int
    settled: dict[str, list[float]]
    exceptions: list[int]

    def gain(self, decisions: int) -> float:
        """How many times the mentions of the order by size the queue's order settles."""
        ours, size = (self.settled[order][: decisions + 1][-1] for order in ("groups", "size"))
        return ours / size if size else 0.0


def simulate(session: Session, answers: Answers, *, decisions: int = 100, hidden: bool = False) -> Played:
    """Play the reviewer.

    Strings of the workspace with a known answer count as undecided; all others are left out. In the queue's order a decision is on a
    card: it settles the string on it and those of its group that have the same answer; the others are ticked off and come back.

    Args:
        session: the review session; nothing is recorded.
        answers: the right answers.
        decisions: how many decisions are made.
        hidden: whether the model's probabilities are hidden, so that all strings are equally doubtful; for answers of the model's own.

    Raises:
        AffilError: no string of the workspace has an answer.
    """
    queue = session.queue
    known = np.array(sorted(n for a in answers if (n := queue.number(a)) is not None), np.int64)
    if not len(known):
        raise AffilError("no string of the workspace has a known answer")
    asked = _regrouped(session, known)
    if hidden:
        asked.value = queue.credit
    value = asked.value[known]
    orders = {
        "one by one": np.lexsort((known, -np.round(value, 9))),
        "size": np.lexsort((known, -queue.mentions[known])),
        "doubt": np.lexsort((known, -queue.mentions[known], np.abs(queue.probability[known] - 0.5))),
    }
    settled = {name: _summed(queue.mentions[known[order]], decisions) for name, order in orders.items()}
    total = int(queue.mentions[known].sum())
    settled["random"] = [total * min(n / len(known), 1.0) for n in range(decisions + 1)]
    answer = {n: answers[queue.affiliations[n]] for n in known.tolist()}
    settled["groups"], exceptions = _by_groups(asked, known, answer, decisions)
    return Played(len(known), total, {name: settled[name] for name in ORDERS}, exceptions)


def read_answers(path: Path | str) -> dict[str, frozenset[str]]:
    """The answers of a CSV file with the columns `affiliation` and `required` or `institution_ids` (ids separated by blanks).

    Raises:
        InputError: the file cannot be read, or has other columns.
    """
    try:
        with Path(path).open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeError, csv.Error) as error:
        raise InputError(str(path), f"cannot be read: {error}", fix="give a CSV file in UTF-8") from error
    column = next((c for c in _COLUMNS if rows and c in rows[0]), None)
    if column is None or "affiliation" not in rows[0]:
        raise InputError(str(path), "no answers in it", fix=f"it needs the columns affiliation and {' or '.join(_COLUMNS)}")
    return {row["affiliation"]: frozenset(map(_full, (row[column] or "").split())) for row in rows}


def sure_answers(session: Session, least: float, limit: int) -> dict[str, frozenset[str]]:
    """The model's own answers where all of their probabilities are at least this, of `limit` strings drawn at random."""
    queue = session.queue
    sure = np.flatnonzero((queue.decision == "match") & (queue.probability >= least))
    drawn = np.random.default_rng(session.settings.seed).permutation(sure)[:limit]
    return {queue.affiliations[n]: frozenset(queue.item(n).institutions) for n in drawn.tolist()}


def decided_answers(session: Session) -> dict[str, frozenset[str]]:
    """What people decided on whole strings and is not in conflict."""
    cases = ((key, case) for key, case in session.queue.cases.items() if not key.paper and not case.disputed)
    return {key.affiliation: frozenset(case.institutions) for key, case in cases if case.institutions is not None}


def _full(identifier: str) -> str:
    return identifier if ":" in identifier else _PREFIX + identifier


def _regrouped(session: Session, known: Numbers) -> Queue:
    """A queue to play with, in which the known strings are open and grouped among themselves."""
    queue = copy(session.queue)
    strings = [queue.affiliations[n] for n in known.tolist()]
    limits = [2 * session.settings.candidates] * len(strings)
    matches = session.matcher.ranked(strings, limits, session.settings.least)
    queue.decided = np.ones(len(queue), bool)
    queue.decided[known] = False
    queue.join(known, group_strings(strings, matches, session.settings))
    return queue


def _by_groups(
    queue: Queue, known: Numbers, answer: Mapping[int, frozenset[str]], decisions: int
) -> tuple[list[float], list[int]]:
    settled, exceptions = [0.0], [0]
    for _ in range(decisions):
        cards = queue.cards(known[~queue.decided[known]])
        if not len(cards):
            break
        lead = int(cards[0])
        group = [lead, *queue.members(lead).tolist()]
        same = [n for n in group if answer[n] == answer[lead]]
        queue.decided[same] = True
        # what was ticked off stands alone from now on: its reason was not a good one
        queue.group[[n for n in group if n not in same]] = [n for n in group if n not in same]
        settled.append(settled[-1] + float(queue.mentions[same].sum()))
        exceptions.append(exceptions[-1] + len(group) - len(same))
    rest = decisions + 1 - len(settled)
    return settled + settled[-1:] * rest, exceptions + exceptions[-1:] * rest


def _summed(mentions: Numbers, decisions: int) -> list[float]:
    sums = np.concatenate([[0], np.cumsum(mentions)]).astype(float)
    return [float(sums[min(n, len(mentions))]) for n in range(decisions + 1)]
