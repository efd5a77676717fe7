"""Play a reviewer who knows the answers against the queue, to see how many mentions are settled by how many decisions."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from affil.errors import AffilError, InputError
from affil.names.ids import normal_id
from affil.review.estimate import Estimator
from affil.review.groups import group_strings
from affil.review.queue import Numbers, Queue
from affil.review.session import Session
from affil.wording import marked, said

Answers = Mapping[str, frozenset[str]]  # raw string -> the ids of all institutions that it names
ORDERS = (marked("groups"), marked("one by one"), marked("size"), marked("doubt"), marked("random"))
_COLUMNS = ("required", "institution_ids")


@dataclass(slots=True)
class Played:
    """Mentions settled by decisions, for each of `ORDERS`.

    `strings` and `mentions` are those with a known answer. `settled[order][n]` are the mentions settled by the first n of the
    `decisions`; at random it is the expected number. In the queue's order, `exceptions` strings were ticked off; after `every` so
    many decisions `closed` others were closed by the estimate, `wrong` of them wrongly, which settles nothing.
    """

    strings: int
    mentions: int
    decisions: int
    every: int
    settled: dict[str, list[float]]
    exceptions: int = 0
    closed: int = 0
    wrong: int = 0

    def gain(self, decisions: int) -> float:
        """How many times the mentions of the order by size the queue's order settles."""
        ours, size = (self.settled[order][: decisions + 1][-1] for order in ("groups", "size"))
        return ours / size if size else 0.0


def simulate(session: Session, answers: Answers, *, decisions: int = 100, hidden: bool = False, closing: bool = True) -> Played:
    """Play the reviewer.

    Strings of the workspace with a known answer count as undecided; all others are left out. In the queue's order a decision is on a
    card: it settles the string on it and those of its group that have the same answer; the others are ticked off and come back.

    Args:
        session: the review session; nothing is recorded.
        answers: the right answers.
        decisions: how many decisions are made.
        hidden: whether the model's probabilities are hidden, so that all strings are equally doubtful; for answers of the model's own.
        closing: whether the estimate closes strings after each so many decisions (see `affil.review.estimate`).

    Raises:
        AffilError: no string of the workspace has an answer.
    """
    queue = session.queue
    known = np.array(sorted(n for a in answers if (n := queue.number(a)) is not None), np.int64)
    if not len(known):
        raise AffilError(said("no string of the workspace has a known answer; decide some, or give --answers FILE or --model"))
    strings = [queue.affiliations[n] for n in known.tolist()]
    matches = session.matcher.ranked(strings, [2 * session.settings.candidates] * len(strings), session.settings.least)
    groups = group_strings(strings, matches, session.settings)
    asked = copy(queue)
    asked.decided = np.ones(len(queue), bool)
    asked.decided[known] = False
    asked.join(known, groups)
    if hidden:
        asked.value = queue.credit
    value, total = asked.value[known], int(queue.mentions[known].sum())
    orders = {
        "one by one": np.lexsort((known, -np.round(value, 9))),
        "size": np.lexsort((known, -queue.mentions[known])),
        "doubt": np.lexsort((known, -queue.mentions[known], np.abs(queue.probability[known] - 0.5))),
    }
    settled = {"groups": [0.0]} | {name: _summed(queue.mentions[known[order]], decisions) for name, order in orders.items()}
    settled["random"] = [total * min(n / len(known), 1.0) for n in range(decisions + 1)]
    played = Played(len(known), total, decisions, session.settings.estimate, settled)
    estimator = Estimator(queue.store, known, groups, matches, session.settings) if closing else None
    _by_groups(asked, known, estimator, {n: answers[queue.affiliations[n]] for n in known.tolist()}, played)
    return played


def read_answers(path: Path | str) -> dict[str, frozenset[str]]:
    """The answers of a CSV file with the columns `affiliation` and `required` or `institution_ids` (ids separated by blanks).

    Raises:
        InputError: the file cannot be read, or has other columns.
    """
    try:
        with Path(path).open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeError, csv.Error) as error:
        raise InputError(str(path), said("cannot be read: {0}", error), fix=said("give a CSV file in UTF-8")) from error
    column = next((c for c in _COLUMNS if rows and c in rows[0]), None)
    if column is None or "affiliation" not in rows[0]:
        raise InputError(
            str(path), said("no answers in it"), fix=said("it needs the columns affiliation and {0}", " or ".join(_COLUMNS))
        )
    return {row["affiliation"]: frozenset(map(normal_id, (row[column] or "").split())) for row in rows}


def model_answers(session: Session, low: float, high: float, limit: int) -> dict[str, frozenset[str]]:
    """The model's own answers with probabilities from `low` to `high`, of at most `limit` strings drawn at random."""
    queue = session.queue
    among = np.flatnonzero((queue.decision != "none") & (queue.probability >= low) & (queue.probability <= high))
    drawn = np.random.default_rng(session.settings.seed).permutation(among)[:limit]
    return {queue.affiliations[n]: frozenset(queue.item(n).institutions) for n in drawn.tolist()}


def decided_answers(session: Session) -> dict[str, frozenset[str]]:
    """What people decided on whole strings and is not in conflict."""
    cases = ((key, case) for key, case in session.queue.cases.items() if not key.paper and not case.disputed)
    return {key.affiliation: frozenset(case.institutions) for key, case in cases if case.institutions is not None}


def _by_groups(
    queue: Queue, known: Numbers, estimator: Estimator | None, answer: Mapping[int, frozenset[str]], played: Played
) -> None:
    """Play the queue's order, and fill in what it settles."""
    settled, mentions = played.settled["groups"], queue.mentions
    decided: dict[int, tuple[str, ...]] = {}
    for turn in range(1, played.decisions + 1):
        cards = queue.cards(known[~queue.decided[known]])
        if len(cards):
            lead = int(cards[0])
            group = [lead, *queue.members(lead).tolist()]
            same = [n for n in group if answer[n] == answer[lead]]
            other = [n for n in group if answer[n] != answer[lead]]
            decided |= dict.fromkeys(same, tuple(answer[lead]))
            queue.decided[same] = True
            queue.group[other] = other  # what was ticked off stands alone from now on
            played.exceptions += len(other)
            settled.append(settled[-1] + float(mentions[same].sum()))
        else:
            settled.append(settled[-1])
        if estimator and played.every and turn % played.every == 0:
            for closing in estimator.closings(decided):
                queue.decided[closing.number] = True
                decided[closing.number] = closing.institutions
                right = frozenset(closing.institutions) == answer[closing.number]
                played.closed += 1
                played.wrong += not right
                settled[-1] += float(mentions[closing.number]) * right


def _summed(mentions: Numbers, decisions: int) -> list[float]:
    sums = np.concatenate([[0], np.cumsum(mentions)]).astype(float)
    return [float(sums[min(n, len(mentions))]) for n in range(decisions + 1)]
