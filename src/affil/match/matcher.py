"""The matcher: strings in, institutions out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from affil.errors import AffilError, InputError
from affil.match.decide import decide
from affil.match.explain import READ, explain
from affil.match.features import NAMES, Pairs, featurize
from affil.match.index import Floats, Index, Ints
from affil.match.mentions import prepare
from affil.match.modelfile import load_model
from affil.match.resources import resource
from affil.match.retrieve import rank_within, retrieve
from affil.match.stated import stated_places, with_stated
from affil.registry import Registry
from affil.registry.index import NAME_KINDS
from affil.settings import DecideSettings, Policy, Settings
from affil.text import raw_span
from affil.types import Decision, Institution, Match, Result

if TYPE_CHECKING:
    import pandas as pd

SHIPPED_MODEL = "models/matcher.skops"
COLUMNS = ("institution_id", "name", "name_zh", "kind", "city", "country", "lat", "lon", "stated_city", "stated_country",
           "probability", "decision", "matched_text", "evidence")  # fmt: skip
STATED = ("city", "region", "country")
_READ = np.array([NAMES.index(name) for name in READ])


class Matcher:
    """Matches affiliation strings to the institutions of one registry with one model."""

    def __init__(self, registry: Registry, model_path: Path, settings: Settings) -> None:
        """Use `Matcher.load`."""
        self.registry, self.settings = registry, settings
        self.model_path = model_path
        self._model, self.model_card, self.model_hash = load_model(model_path)
        self._institutions: dict[int, Institution] = {}

    @classmethod
    def load(
        cls,
        registry: Registry | Path | str | None = None,
        model: Path | str | None = None,
        settings: Settings | None = None,
        policy: Policy | None = None,
    ) -> Matcher:
        """Load a matcher.

        Args:
            registry: an opened registry or a built file; default the shipped registry.
            model: a model file; default the shipped model.
            settings: thresholds and choices; defaults where not given.
            policy: which institutions a string yields, in place of the settings' choice.

        Raises:
            InputError: a file is missing, damaged, or of another version.
        """
        settings = settings or Settings()
        if policy:
            decide_settings = settings.decide.model_copy(update={"policy": policy})
            settings = settings.model_copy(update={"decide": decide_settings})
        model_path = Path(model) if model else resource(SHIPPED_MODEL)
        return cls(registry if isinstance(registry, Registry) else Registry.open(registry), model_path, settings)

    def __reduce__(self) -> tuple[Any, ...]:
        """To other processes a matcher goes as the names of its files, which are opened there: the index stays in memory once."""
        return _reopen, (self.registry.path.resolve(), self.model_path.resolve(), self.settings, self.version)

    @cached_property
    def _index(self) -> Index:
        return Index(self.registry)

    @cached_property
    def version(self) -> str:
        """Short hashes of model and registry, as decisions and manifests record them."""
        return f"model {self.model_hash[:12]}, registry {self.registry.hash[:12]}"

    def match(self, affiliation: str) -> Result:
        """Match one string; see `match_many`."""
        return self.match_many([affiliation])[0]

    def match_many(self, affiliations: Sequence[str]) -> list[Result]:
        """Match strings, with explanations; repeated strings are matched once."""
        distinct = list(dict.fromkeys(affiliations))
        results: dict[str, Result] = {}
        size = self.settings.retrieve.batch
        for begin in range(0, len(distinct), size):
            batch = distinct[begin : begin + size]
            found: dict[int, list[Match]] = {}
            rows = self._rows(batch)
            for k in range(len(rows["row"])):
                found.setdefault(int(rows["row"][k]), []).append(self._explained(rows, k))
            results.update({s: Result(s, tuple(found.get(i, ()))) for i, s in enumerate(batch)})
        stated = with_stated([(s, results[s].matches) for s in distinct], self._index, self.settings.retrieve)
        placed = {s: Result(s, matches) for s, matches in zip(distinct, stated, strict=True)}
        return [placed[s] for s in affiliations]

    def candidates(self, affiliation: str, limit: int = 8) -> tuple[Match, ...]:
        """The likeliest institutions of one string, chosen or not, most probable first; for people who look for the right one.

        Unlike `match` it keeps rivals for the same words. Decision `none` marks those too improbable to be shown otherwise.
        """
        rows = self._rows([affiliation], lambda p, _pairs, _settings: np.argsort(-p, kind="stable")[:limit])
        out = [self._explained(rows, k) for k in range(len(rows["row"]))]
        low = self.settings.decide.review
        return tuple(replace(m, decision=Decision.NONE) if m.probability < low else m for m in out)

    def ranked(self, affiliations: Sequence[str], limits: Sequence[int], least: float = 0.0) -> list[tuple[Match, ...]]:
        """The institutions chosen for each string as `match_many` chooses them, then those it did not choose, likeliest first.

        Args:
            affiliations: strings; repeated ones are matched once.
            limits: how many institutions are wanted for each; the chosen ones are given even if they are more.
            least: the least probability of those not chosen, whose decision is `none` here.
        """
        wanted: dict[str, int] = {}
        for string, limit in zip(affiliations, limits, strict=True):
            wanted[string] = max(limit, wanted.get(string, 0))
        distinct, found = list(wanted), dict[str, list[Match]]()
        size = self.settings.retrieve.batch
        for begin in range(0, len(distinct), size):
            batch = distinct[begin : begin + size]
            room = np.array([wanted[s] for s in batch])
            chosen = 0

            def choose(
                probability: Floats, pairs: Pairs, settings: DecideSettings, batch: list[str] = batch, room: Ints = room
            ) -> Ints:
                nonlocal chosen
                taken, string = decide(probability, pairs, settings), pairs.candidates.string
                rivals = np.setdiff1d(np.flatnonzero(probability >= least), taken)
                left = room - np.bincount(string[taken], minlength=len(batch))
                rivals = rivals[rank_within(string[rivals], -probability[rivals]) < left[string[rivals]]]
                rivals = rivals[np.argsort(-probability[rivals], kind="stable")]
                chosen = len(taken)
                return np.concatenate([taken, rivals])

            rows = self._rows(batch, choose)
            for k, number in enumerate(rows["row"].tolist()):
                one = self._explained(rows, k)
                found.setdefault(batch[number], []).append(one if k < chosen else replace(one, decision=Decision.NONE))
        out = []
        for string, limit in zip(affiliations, limits, strict=True):
            matches = found.get(string, [])
            out.append(tuple(m for k, m in enumerate(matches) if k < limit or m.decision != Decision.NONE))
        return with_stated(list(zip(affiliations, out, strict=True)), self._index, self.settings.retrieve)

    def match_table(self, affiliations: Sequence[str]) -> pa.Table:
        """Match strings without explanations, as an Arrow table with one row for each institution found.

        Columns: row (position in `affiliations`), institution_id, probability, decision (match or review), start, end (of the
        matched words in the raw string), alias (the registry's name), stated_city, stated_region and stated_country (the place
        that the string gives for it, see `affil.types.Stated`). Strings that name nothing have no row.
        """
        distinct = list(dict.fromkeys(affiliations))
        tables = []
        size = self.settings.retrieve.batch
        ids = self.registry.ids
        for begin in range(0, len(distinct), size):
            batch = distinct[begin : begin + size]
            rows = self._rows(batch)
            row, start, end, inst = (rows[c].tolist() for c in ("row", "start", "end", "inst"))
            stated = stated_places(batch, row, start, end, inst, self._index, self.settings.retrieve)
            tables.append(
                pa.table(
                    {
                        "row": pa.array(rows["row"] + begin, pa.int64()),
                        "institution_id": pa.array([ids[i] for i in rows["inst"]], pa.string()),
                        "probability": pa.array(rows["probability"], pa.float64()),
                        "decision": pa.array(rows["decision"], pa.string()),
                        "start": pa.array(rows["start"], pa.int32()),
                        "end": pa.array(rows["end"], pa.int32()),
                        "alias": pa.array(rows["alias"], pa.string()),
                        **{f"stated_{f}": pa.array([getattr(x, f) for x in stated], pa.string()) for f in STATED},
                    }
                )
            )
        if not tables:
            return self.match_table([""]).slice(0, 0)
        table = pa.concat_tables(tables)
        if len(distinct) == len(affiliations):
            return table
        number = {s: i for i, s in enumerate(distinct)}
        of_row = table["row"].to_numpy()
        bounds = np.searchsorted(of_row, np.arange(len(distinct) + 1))
        take = [np.arange(bounds[number[s]], bounds[number[s] + 1]) for s in affiliations]
        repeated = table.take(pa.array(np.concatenate(take)))
        row = np.repeat(np.arange(len(affiliations)), [len(t) for t in take])
        return repeated.set_column(0, "row", pa.array(row, pa.int64()))

    def match_frame(self, frame: pd.DataFrame, column: str = "affiliation") -> pd.DataFrame:
        """Match a column of a pandas frame: its columns, then those of `COLUMNS`, one row a matched institution, in order.

        A column whose name the frame has already gets `affil_` before it.

        Raises:
            InputError: the frame has no such column.
        """
        import pandas as pd

        if column not in frame.columns:
            raise InputError("the frame", f"no column {column!r}", fix=f"columns are {', '.join(map(str, frame.columns))}")
        strings = frame[column].fillna("").astype(str).tolist()
        rows, position = [], []
        for i, result in enumerate(self.match_many(strings)):
            for record in match_records(result):
                rows.append(record)
                position.append(i)
        found = pd.DataFrame(rows, columns=list(COLUMNS)).rename(columns=output_columns(list(map(str, frame.columns))))
        return pd.concat([frame.iloc[position].reset_index(drop=True), found], axis=1)

    def _institution(self, number: int) -> Institution:
        if number not in self._institutions:
            self._institutions[number] = self.registry.at(number)
        return self._institutions[number]

    def _explained(self, rows: dict[str, Any], k: int) -> Match:
        institution = self._institution(int(rows["inst"][k]))
        features = dict(zip(READ, rows["features"][k].tolist(), strict=True))
        return Match(
            institution,
            float(rows["probability"][k]),
            Decision(rows["decision"][k]),
            int(rows["start"][k]),
            int(rows["end"][k]),
            rows["alias"][k],
            explain(features, NAME_KINDS[rows["kind"][k]], int(rows["bearers"][k]), self.settings.features),
        )

    def _rows(self, strings: Sequence[str], choose: Callable[[Floats, Pairs, DecideSettings], Ints] = decide) -> dict[str, Any]:
        settings, index, judge = self.settings, self._index, self.settings.decide
        mentions = prepare(strings, index, settings.retrieve)
        pairs = featurize(mentions, retrieve(mentions, index, settings.retrieve), index, settings)
        probability = self._model.predict(pairs, judge.small, judge.hopeless)
        rows = choose(probability, pairs, judge)
        c = pairs.candidates
        first, last = mentions.start[pairs.first[rows]], mentions.end[pairs.last[rows] - 1]
        repaired = mentions.tokens.repaired
        spans = [raw_span(strings[s], repaired[s], int(a), int(b)) for s, a, b in zip(c.string[rows], first, last, strict=True)]
        names = self.registry.store.strings("name_value")
        alias = c.alias[rows]
        return {
            "row": c.string[rows],
            "inst": c.inst[rows],
            "probability": np.round(probability[rows], 6),
            "decision": np.where(probability[rows] >= judge.match, Decision.MATCH.value, Decision.REVIEW.value),
            "start": np.array([s for s, _ in spans], np.int32),
            "end": np.array([e for _, e in spans], np.int32),
            "alias": [names[int(n)].as_py() for n in index.owner_name[c.owner[rows]]],
            "kind": c.kind[rows],
            "bearers": index.owner_ptr[alias + 1] - index.owner_ptr[alias],
            "features": pairs.features[np.ix_(rows, _READ)],
        }


def _reopen(registry: Path, model: Path, settings: Settings, version: str) -> Matcher:
    matcher = Matcher.load(registry, model, settings)
    if matcher.version != version:
        raise AffilError(f"{registry} or {model} was replaced while it was in use; run again")
    return matcher


def output_columns(given: Sequence[str]) -> dict[str, str]:
    """What each of `COLUMNS` is called behind these columns of the input: its name, or with `affil_` before it where taken."""
    out: dict[str, str] = {}
    for column in COLUMNS:
        name = column
        while name in given or name in out.values():
            name = f"affil_{name}"
        out[column] = name
    return out


def match_records(result: Result) -> list[dict[str, Any]]:
    """The rows of `COLUMNS` for one string: one a matched institution, or one with decision none."""
    if not result.matches:
        return [{"institution_id": "", "decision": Decision.NONE.value, "matched_text": "", "evidence": ""}]
    return [_record(result, m, "; ".join(m.evidence)) for m in result.matches]


def result_dict(result: Result) -> dict[str, Any]:
    """A result, ready for JSON."""
    matches = [
        {**_record(result, m, list(m.evidence)), "start": m.start, "end": m.end, "alias": m.alias, "by": m.by}
        for m in result.matches
    ]
    return {"affiliation": result.affiliation, "decision": str(result.decision), "matches": matches}


def _record(result: Result, m: Match, evidence: str | list[str]) -> dict[str, Any]:
    one = m.institution
    return {
        "institution_id": one.id,
        "name": one.name,
        "name_zh": one.name_zh,
        "kind": one.kind,
        "city": one.city,
        "country": one.country,
        "lat": one.lat,
        "lon": one.lon,
        "stated_city": m.stated.city,
        "stated_country": m.stated.country,
        "probability": m.probability,
        "decision": m.decision.value,
        "matched_text": result.affiliation[m.start : m.end],
        "evidence": evidence,
    }
