"""The matcher: strings in, institutions out."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pyarrow as pa

from affil.data import SHIPPED_MODEL, resource
from affil.errors import AffilError, InputError, LedgerError, UnknownIdError
from affil.io.cells import addresses
from affil.io.table import affiliation_column
from affil.match.arrow import Strings, distinct_strings, string_of
from affil.match.candidates import retrieve
from affil.match.decide import by_policy, named_parents, named_rows
from affil.match.decided import Decisions
from affil.match.explain import READ, explain
from affil.match.features.featurize import featurize
from affil.match.found import Answer, Found, decided_rows, found_rows, identified, most_specific, moved, united, without
from affil.match.index import Index
from affil.match.lacking import Lack, Ranked, lacks
from affil.match.mentions import prepare
from affil.match.modelfile import load_model
from affil.match.pairs import rank_within
from affil.match.parts import parts_of
from affil.match.records import COLUMNS, NUMBERS, STATED, joined, match_records, output_columns
from affil.names.ids import ids_within
from affil.registry import Registry
from affil.settings import Policy, Settings, load_settings
from affil.types import Decision, Institution, Match, NameKind, Reason, Result, Results
from affil.wording import said

if TYPE_CHECKING:
    import pandas as pd

    from affil.ledger import Ledger


_ID_NAMED = Reason("name_exact", "id")  # for matches by an id in the string


class Matcher:
    """Matches affiliation strings to the institutions of one registry with one model.

    Threads may share one: calls take turns. Processes may too: it pickles by the names of its files, which others open themselves; after
    a fork parent and child both go on, if no other thread was matching meanwhile.

    Longer than other classes, as it is the public face of matching: most methods are a few lines and their documentation.
    """

    def __init__(
        self, registry: Registry, model_path: Path, settings: Settings, ledger: Ledger | Path | str | None = None
    ) -> None:
        """Use `Matcher.load`."""
        self.registry, self.settings = registry, settings
        self.model_path = model_path
        self._model, self.model_card, self.model_hash = load_model(model_path)
        self._institutions: dict[int, Institution] = {}
        self._memory: dict[str, Answer] = {}  # cached answers by part: parts repeat more often than strings
        self._turn = threading.Lock()
        self._decisions = None if ledger is None else Decisions(ledger, settings.review)
        if self._decisions is not None:  # fails now rather than in the midst of a file
            self._decisions.must_be_of(registry)

    @classmethod
    def load(
        cls,
        registry: Registry | Path | str | None = None,
        model: Path | str | None = None,
        settings: Settings | Mapping[str, Any] | Path | str | None = None,
        policy: Policy | None = None,
        ledger: Ledger | Path | str | None = None,
    ) -> Matcher:
        """Load a matcher.

        Args:
            registry: an open registry or a registry file; default: the shipped one.
            model: a model file; default: the shipped one.
            settings: thresholds and choices: `Settings`, or what `load_settings` reads (a dict, a TOML file); default: `Settings()`.
            policy: which institutions to return per string; overrides the settings.
            ledger: decisions of people that stand above the model in all answers: an open ledger (that of a workspace is its
                `ledger`), its file or its URL. It is looked at again before each answer: what is decided meanwhile counts from then on.

        Raises:
            InputError: a file is missing, damaged, or of another version. AffilError: there is no such policy. UnknownIdError: the
                registry lacks an institution that was decided on.
        """
        settings = load_settings(settings)
        if policy:
            if policy not in get_args(Policy):
                raise AffilError(said("no policy {0!r}; known are: {1}", policy, ", ".join(get_args(Policy))))
            decide_settings = settings.decide.model_copy(update={"policy": policy})
            settings = settings.model_copy(update={"decide": decide_settings})
        model_path = Path(model) if model else resource(SHIPPED_MODEL)
        return cls(registry if isinstance(registry, Registry) else Registry.open(registry), model_path, settings, ledger)

    @property
    def ledger(self) -> Ledger | None:
        """The ledger whose decisions stand above the model, if there is one."""
        return None if self._decisions is None else self._decisions.ledger

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle only the file names; other processes open the files themselves and share the memory-mapped index."""
        return _reopen, (self.registry.path.resolve(), self.model_path.resolve(), self.settings, self.ledger, self.version)

    @cached_property
    def differences(self) -> tuple[str, ...]:
        """What has changed since the model was trained (see `affil.match.provenance`); ideally empty."""
        from affil.match.provenance import differences

        return differences(self.model_card, self.registry, self.settings)

    @cached_property
    def _index(self) -> Index:
        return Index(self.registry)

    @cached_property
    def version(self) -> str:
        """Short hashes of model and registry, as decisions and manifests record them."""
        return f"model {self.model_hash[:12]}, registry {self.registry.hash[:12]}"

    def warm(self) -> Matcher:
        """Load now what is otherwise loaded by the first strings that need it: for services, before somebody waits. Returns itself."""
        with self._turn:
            _ = self._index, self._names
            self._model.compile()
        return self

    def match(self, affiliation: str) -> Result:
        """Match one string; see `match_many`."""
        return self.match_many([affiliation])[0]

    def match_many(self, affiliations: Iterable[str]) -> Results:
        """Match strings, with explanations; repeated strings are matched once.

        Raises:
            AffilError: one string in the place of several, or something that is no text.
        """
        if isinstance(affiliations, str):
            raise AffilError(said("match_many takes several strings; for one: match"))
        affiliations = list(affiliations)
        for other in affiliations:
            if not isinstance(other, str):
                raise AffilError(said("an affiliation is a text, not {0!r}", other))
        distinct = list(dict.fromkeys(affiliations))
        results = {
            s: Result(s, tuple(self._explained(row) for row in answer.rows), answer.lack.why if answer.lack else "")
            for s, answer in zip(distinct, self._answers(distinct), strict=True)
        }
        return Results(results[s] for s in affiliations)

    def candidates(self, affiliation: str, limit: int = 8) -> tuple[Match, ...]:
        """The most probable institutions for one string, chosen or not, best first; for manual selection.

        Unlike `match` it keeps rivals for the same words. Decision `none` marks those below the review threshold.
        """
        rows = sorted(self._answers([affiliation], limit)[0].rows, key=lambda r: -r.probability)[:limit]
        out = [self._explained(row) for row in rows]
        low = self.settings.decide.review
        return tuple(replace(m, decision=Decision.NONE) if m.probability < low else m for m in out)

    def ranked(self, affiliations: Sequence[str], limits: Sequence[int], least: float = 0.0) -> list[Ranked]:
        """The institutions that `match_many` chooses for each string, then others, likeliest first.

        Args:
            affiliations: strings; repeated ones are matched once.
            limits: maximum number of institutions per string; chosen ones are always included.
            least: minimum probability of the others; their decision is `none`.
        """
        wanted: dict[str, int] = {}
        for string, limit in zip(affiliations, limits, strict=True):
            wanted[string] = max(limit, wanted.get(string, 0))
        distinct = list(wanted)
        answers = dict(zip(distinct, self._answers(distinct, max(wanted.values(), default=0)), strict=True))
        out = []
        for string, limit in zip(affiliations, limits, strict=True):
            rows, lack = answers[string]
            rivals = [r for r in rows if not r.chosen and r.probability >= least]
            chosen = [r for r in rows if r.chosen]
            shown = [*chosen, *rivals[: max(limit - len(chosen), 0)]]
            found = (m if r.chosen else replace(m, decision=Decision.NONE) for r in shown for m in [self._explained(r)])
            out.append(Ranked(found, lack))
        return out

    def match_table(self, affiliations: Strings, column: str | None = None, *, none: bool = False) -> pa.Table:
        """Match strings without explanations, as an Arrow table with one row for each institution found.

        The strings may be Arrow, too: an array, or what gives a stream (tables, chunked arrays and record batch readers of PyArrow,
        frames of Polars, relations of DuckDB). Of a table that is the column named, or the one that `affil.match_file` finds.

        Columns: row (position in `affiliations`), institution_id, probability, decision (match or review), start, end (of the
        matched words in the raw string), alias (the registry's name), named (the id of the closed institution with that name,
        if the one found is its successor, else ""), stated_city, stated_region and stated_country (the place that the string gives
        for it, see `affil.types.Stated`), named_parents (the ids of the institutions above it in the registry that the string names
        beside it, in the answer or left out of it by the policy; none where a person decided). Strings without an institution, and
        missing ones, have no row, unless `none` asks for one each: of the decision none, with a column more, `why` (a key of
        `affil.match.NOTHING`).

        Raises:
            InputError: the table has no such column, or it holds no strings. AffilError: it is neither Arrow nor several strings, or one
                is no text.
        """
        distinct, which = distinct_strings(affiliations, column)
        answers = self._answers(distinct)
        rows = [(number, row) for number, k in enumerate(which) for row in answers[k].rows]
        ids = self.registry.ids
        least = self.settings.decide.match
        found = pa.table(
            {
                "row": pa.array([number for number, _ in rows], pa.int64()),
                "institution_id": pa.array([ids[r.inst] for _, r in rows], pa.string()),
                "probability": pa.array([r.probability for _, r in rows], pa.float64()),
                "decision": pa.array([_decided(r.probability, least).value for _, r in rows], pa.string()),
                "start": pa.array([r.start for _, r in rows], pa.int32()),
                "end": pa.array([r.end for _, r in rows], pa.int32()),
                "alias": self._aliases([row for _, row in rows]),
                "named": self._named([row for _, row in rows]),
                **{f"stated_{f}": pa.array([getattr(r.stated, f) for _, r in rows], pa.string()) for f in STATED},
                "named_parents": pa.array([[ids[p] for p in r.parents] for _, r in rows], pa.list_(pa.string())),
            }
        )
        if not none:
            return found
        lacking = [(number, lack.why) for number, k in enumerate(which) if (lack := answers[k].lack) is not None]
        without = pa.table(
            {
                "row": pa.array([number for number, _ in lacking], pa.int64()),
                "decision": pa.array([Decision.NONE.value] * len(lacking), pa.string()),
                "why": pa.array([why for _, why in lacking], pa.string()),
            }
        )
        return pa.concat_tables([found, without], promote_options="default").sort_by("row")

    def match_frame(self, frame: pd.DataFrame, column: Hashable | None = None) -> pd.DataFrame:
        """Match a column of a pandas frame; returns its columns and those of `COLUMNS`, one row per matched institution, in order.

        Each row keeps its label of the frame's index, which is repeated where a string names several institutions: `frame.loc[label]`
        and `frame.join(out[["institution_id"]])` find them; `out.index.duplicated()` tells the rows after the first. None, NaN and NA are
        strings without a name. What is missing is NaN in all new columns, also the id of a string without an institution, whose evidence is
        why there is none (a key of `affil.match.NOTHING`).

        A new column whose name is already in the frame gets the prefix `affil_`. The column is found, and cells with authors in
        front of their affiliations are read, as `affil.match_file` does.

        Raises:
            InputError: the frame has no such column, or two. AffilError: it is no frame of pandas, or a cell is no text.
        """
        import pandas as pd

        if not isinstance(frame, pd.DataFrame):
            kind = f"{type(frame).__module__.partition('.')[0]}.{type(frame).__name__}"
            raise AffilError(
                said("match_frame takes a frame of pandas, not {0}; of others: match_table, or affil.frames", kind)
            )
        names = list(map(str, frame.columns))
        chosen = affiliation_column("the frame", names, None if column is None else str(column))
        if names.count(chosen) > 1:
            raise InputError("the frame", said("duplicate column {0!r}", chosen), fix=said("rename one of them"))
        given = frame.iloc[:, names.index(chosen)]
        cells = [string_of(value, number) for number, value in enumerate(given.tolist(), 1)]
        parts = [addresses(cell, chosen) for cell in cells]
        strings = list(dict.fromkeys(chain.from_iterable(parts)))
        found = {
            s: [tuple(record.get(c) for c in COLUMNS) for record in match_records(result)]
            for s, result in zip(strings, self.match_many(strings), strict=True)
        }
        rows = [joined([found[s] for s in part]) for part in parts]
        position = [i for i, answer in enumerate(rows) for _ in answer]
        ours = output_columns(names)
        new = pd.DataFrame(list(chain.from_iterable(rows)), columns=list(ours.values()), dtype=object)
        new = new.where(new.notna() & (new != ""), np.nan).astype({ours[c]: np.float64 for c in NUMBERS})
        out = pd.concat([frame.iloc[position].reset_index(drop=True), new], axis=1)
        return out.set_axis(frame.index.take(position), axis=0)

    def _institution(self, number: int) -> Institution:
        if number not in self._institutions:
            self._institutions[number] = self.registry.at(number)
        return self._institutions[number]

    @cached_property
    def _names(self) -> Any:
        return self.registry.arrays.name_value

    def _alias(self, row: Found) -> str:
        return row.identifier or ("" if row.decided else str(self._names[int(self._index.owner_name[row.owner])].as_py()))

    def _aliases(self, rows: Sequence[Found]) -> pa.Array:
        """`_alias` for many rows."""
        numbers = self._index.owner_name[np.array([r.owner for r in rows], np.int64)]
        names = self._names.take(pa.array(numbers)).cast(pa.string())
        if not any(r.identifier or r.decided for r in rows):
            return names
        told = [r.identifier or ("" if r.decided else name) for r, name in zip(rows, names.to_pylist(), strict=True)]
        return pa.array(told, pa.string())

    def _named(self, rows: Sequence[Found]) -> pa.Array:
        """For rows that found a successor: the id of the closed institution named in the string; else ""."""
        names, ids = self.registry.arrays.inst_name_ptr, self.registry.ids
        owner_name = self._index.owner_name[np.array([r.owner for r in rows], np.int64)]
        owner = (np.searchsorted(names, owner_name, side="right") - 1).tolist()
        for k, row in enumerate(rows):
            if row.decided:
                owner[k] = row.inst
            elif row.identifier:
                owner[k] = self.registry.number(next(identifier for _, _, identifier in ids_within(row.identifier)))
        named = ["" if b in (row.inst, len(ids)) else ids[b] for b, row in zip(owner, rows, strict=True)]
        return pa.array(named, pa.string())

    def _nearest(self, lack: Lack) -> Match | None:
        """The institution nearest to what a string names, which has none; not where its name stands."""
        if lack.nearest < 0:
            return None
        name = str(self._names[int(self._index.owner_name[lack.owner])].as_py())
        return Match(self._institution(lack.nearest), lack.probability, Decision.NONE, 0, 0, name)

    def _explained(self, row: Found) -> Match:
        read = dict(zip(READ, np.frombuffer(row.features, np.float32).tolist(), strict=True)) if row.features else {}
        if row.decided:
            reasons: tuple[Reason, ...] = (Reason("decided", said=row.decided),)
        elif read:
            reasons = explain(read, NameKind(row.kind).word, row.homonyms, self.settings.features)
        else:
            reasons = (_ID_NAMED,)
        decision = _decided(row.probability, self.settings.decide.match)
        return Match(
            self._institution(row.inst),
            row.probability,
            decision,
            row.start,
            row.end,
            self._alias(row),
            reasons,
            stated=row.stated,
        )

    def _answers(self, strings: Sequence[str], rivals: int = 0) -> list[Answer]:
        """The institutions chosen for each string, most probable first, then up to `rivals` others per part; or why there is none."""
        with self._turn:
            return self._answered(strings, rivals)

    def _answered(self, strings: Sequence[str], rivals: int) -> list[Answer]:
        decided = self._decisions.of(strings) if self._decisions else {}
        if not decided:
            return self._modelled(strings, rivals)
        asked = [s for s in strings if rivals or s not in decided]
        found = dict(zip(asked, self._modelled(asked, rivals), strict=True))
        for string, one in decided.items():
            try:
                chosen = decided_rows(one, self.registry)
            except UnknownIdError as error:
                raise LedgerError(said("the decision on {0!r} cannot be used: {1}", string, error)) from error
            others = without(found[string].rows if string in found else (), {r.inst for r in chosen}, False)
            rows = [*chosen, *(r._replace(chosen=False) for r in others)]
            found[string] = Answer(rows, None if chosen else Lack("decided", words=one.words))
        return [found[s] for s in strings]

    def _modelled(self, strings: Sequence[str], rivals: int) -> list[Answer]:
        """The answers of the model, whatever people decided."""
        out: list[Answer] = []
        size = self.settings.retrieve.batch
        for begin in range(0, len(strings), size):
            batch = strings[begin : begin + size]
            parts = parts_of(batch, self._index, self.settings.retrieve)
            found = self._cached(parts.texts) if not rivals else self._matched(parts.texts, rivals)
            bounds = np.searchsorted(parts.string, np.arange(len(batch) + 1)).tolist()
            text, start, end = (column.tolist() for column in (parts.text, parts.start, parts.end))
            for first, last in pairwise(bounds):
                own = [row for k in range(first, last) for row in moved(found[text[k]].rows, start[k], end[k])]
                rows = united(own, self.settings.decide.policy, rivals > 0) if last - first > 1 else own
                missed = [lack for k in range(first, last) if (lack := found[text[k]].lack) is not None]
                out.append(Answer(rows, max(missed, key=lambda lack: lack.rank) if len(missed) == last - first else None))
        return out

    def _cached(self, texts: Sequence[str]) -> list[Answer]:
        """`_matched` with a cache."""
        new = [t for t in texts if t not in self._memory]
        fresh = dict(zip(new, self._matched(new), strict=True)) if new else {}
        found = [fresh[t] if t in fresh else self._memory[t] for t in texts]
        self._memory |= fresh
        for old in list(islice(self._memory, max(len(self._memory) - self.settings.retrieve.remembered_parts, 0))):
            del self._memory[old]
        return found

    def _matched(self, texts: Sequence[str], rivals: int = 0) -> list[Answer]:
        """The institutions chosen for each part, and up to `rivals` others; or why there is none."""
        settings, index, judge = self.settings, self._index, self.settings.decide
        out: list[Answer] = []
        batches = -(-len(texts) // settings.retrieve.batch)
        for begin, end in pairwise(len(texts) * k // max(batches, 1) for k in range(batches + 1)):  # even: small ones cost more
            batch = texts[begin:end]
            mentions = prepare(batch, index, settings.retrieve)
            pairs = featurize(mentions, retrieve(mentions, index, settings.retrieve), index, settings)
            probability = self._model.predict(pairs, judge.small, judge.hopeless)
            named = named_rows(probability, pairs, judge)
            rows = by_policy(named, probability, pairs, judge)
            of_text = mentions.string[pairs.candidates.string]
            parents = named_parents(rows, named, of_text, pairs, index)
            unanswered = np.ones(len(batch), bool)
            unanswered[of_text[rows]] = False
            missed = lacks(mentions, pairs, probability, unanswered, index, settings.features.near)
            if rivals:
                others = np.setdiff1d(np.arange(len(probability)), rows)
                others = others[rank_within(pairs.candidates.string[others], -probability[others]) < rivals]
                rows = np.concatenate([rows, others])
            found = found_rows(mentions, pairs, probability, rows, parents, index, settings.retrieve)
            answers: list[list[Found]] = [[] for _ in batch]
            for number, row in zip(of_text[rows].tolist(), found, strict=True):
                answers[number].append(row)
            for number, (text, own) in enumerate(zip(batch, answers, strict=True)):
                by_id = identified(text, self.registry, judge.identified, own, index)
                answer = tuple(most_specific(by_id or own, index, judge, rivals > 0))
                out.append(Answer(answer, None if by_id else missed.get(number)))
        return out


def _decided(probability: float, least: float) -> Decision:
    return Decision.MATCH if probability >= least else Decision.REVIEW


def _reopen(registry: Path, model: Path, settings: Settings, ledger: Ledger | None, version: str) -> Matcher:
    matcher = Matcher.load(registry, model, settings, ledger=ledger)
    if matcher.version != version:
        raise AffilError(said("{0} or {1} was replaced while it was in use; run again", registry, model))
    return matcher
