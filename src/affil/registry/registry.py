"""Open a built registry; look institutions up by id or by text."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from affil.errors import UnknownIdError
from affil.names.ids import id_forms, mistyped
from affil.registry.arrays import read_arrays
from affil.registry.dump import ROR
from affil.registry.folder import LOG, built_once, cache_folder, sources_hash
from affil.registry.met import Met, met_counts
from affil.settings import SEARCH
from affil.types import Institution, Name
from affil.wording import said

_ONCE = said("building the index of the shipped registry; this happens once, and takes half a minute")
EXACT = 1.0  # similarity of an institution that has the query as a name


class Registry:
    """Institutions and the index over their names, memory-mapped from one file."""

    def __init__(self, path: Path, again: str = "affil registry build SOURCE... -o FILE") -> None:
        """Open a built registry file, which the command `again` makes again; see `Registry.open`."""
        self.path = path
        self.arrays, self.meta = read_arrays(path, again)
        self._ancestors: dict[int, frozenset[str]] = {}

    @classmethod
    def open(cls, path: Path | str | None = None) -> Registry:
        """Open a built registry; by default the shipped one, built once into the user's cache folder.

        Args:
            path: a built file, `shipped`, or `ror` (the dump downloaded by `affil registry fetch`).

        Raises:
            InputError: the file is not there, damaged, or built by another version. Damage in what is not read at once is told by the
                call that first reads it.
            AffilError: `ror` is given but no dump has been fetched.

        The first use of the shipped registry takes some 20 to 40 seconds, as its index is built: a warning of the logger
        `affil.registry` says so, and its steps are at level INFO.
        """
        if str(path) == ROR:
            from affil.registry.cached import ror_path

            return cls(built := ror_path(), f"affil registry build shipped ror -o {built}")
        if path is not None and str(path) != "shipped":
            return cls(Path(path))
        built = built_once(_shipped_file(), _build_shipped, _ONCE)
        return cls(built, f"affil registry build shipped -o {built}")

    def verify(self) -> None:
        """Check everything, also what was not used yet.

        Raises:
            InputError: the file is damaged.
        """
        for field in fields(self.arrays):
            getattr(self.arrays, field.name)

    @property
    def hash(self) -> str:
        """SHA-256 of the contents."""
        return str(self.meta["hash"])

    @property
    def version(self) -> str:
        """The sources it was built from, and a short hash."""
        return f"{' + '.join(self.meta['sources'])} ({self.hash[:12]})"

    @property
    def met(self) -> list[Met]:
        """What rows of users' tables met when it was built."""
        return [Met(**one) for one in self.meta.get("met", ())]

    @cached_property
    def ids(self) -> list[str]:
        """All ids, in the order of the index."""
        out: list[str] = self.arrays.inst_id.to_pylist()
        return out

    @cached_property
    def _number(self) -> dict[str, int]:
        return {x: i for i, x in enumerate(self.ids)}

    def __len__(self) -> int:
        return len(self.arrays.inst_id)

    def __iter__(self) -> Iterator[Institution]:
        return (self.at(i) for i in range(len(self)))

    def __contains__(self, identifier: object) -> bool:
        return isinstance(identifier, str) and len(self._numbers(identifier)) == 1

    def at(self, number: int) -> Institution:
        """The institution with this number in the index."""
        a = self.arrays
        lat, lon = float(a.inst_lat[number]), float(a.inst_lon[number])
        first, last = (int(x) for x in a.inst_name_ptr[number : number + 2])
        names = [text[first:last].to_pylist() for text in (a.name_value, a.name_language, a.name_kind)]
        return Institution(
            id=a.inst_id[number].as_py(),
            name=a.inst_name[number].as_py(),
            names=tuple(
                Name(v, lang, kind, u or None)
                for v, lang, kind, u in zip(*names, a.name_until[first:last].tolist(), strict=True)
            ),
            kind=a.inst_kind[number].as_py(),
            country=a.inst_country[number].as_py(),
            region=a.inst_region[number].as_py(),
            city=a.inst_city[number].as_py(),
            lat=None if np.isnan(lat) else lat,
            lon=None if np.isnan(lon) else lon,
            domain=a.inst_domain[number].as_py(),
            parents=tuple(a.inst_parents[number].as_py().split()),
            successors=tuple(a.inst_successors[number].as_py().split()),
            status=a.inst_status[number].as_py(),
            prominence=round(float(a.inst_prominence_raw[number]), 4),
            usage=int(a.inst_usage[number]),
            other_ids=self._other_ids(number),
            other_domains=tuple(a.inst_other_domains[number].as_py().split()),
            successor_from=int(a.inst_successor_from[number]) or None,
        )

    def to_table(self) -> pa.Table:
        """All institutions, a row each, in the order of the index, made from whole columns.

        The columns are those of `Institution` that say who and where it is, `active_id` (see `resolve`) and lists of `parents` and
        `other_ids`.
        """
        a = self.arrays
        stands = np.where(a.inst_stands >= 0, a.inst_stands, np.arange(len(self)))
        texts = ("name", "name_zh", "kind", "country", "region", "city")
        others = pa.array(a.inst_other_ptr, pa.int32()), a.other_id.take(pa.array(a.inst_other))
        return pa.table(
            {
                "id": a.inst_id,
                "active_id": a.inst_id.take(pa.array(stands)),
                **{name: getattr(a, f"inst_{name}") for name in texts},
                "lat": pa.array(a.inst_lat.astype(np.float64), mask=np.isnan(a.inst_lat)),
                "lon": pa.array(a.inst_lon.astype(np.float64), mask=np.isnan(a.inst_lon)),
                "parents": pa.array([text.split() for text in a.inst_parents.to_pylist()], pa.list_(pa.string())),
                "other_ids": pa.ListArray.from_arrays(*others),
                "successor_from": pa.array(a.inst_successor_from, mask=a.inst_successor_from == 0),
            }
        )

    def _other_ids(self, number: int) -> tuple[str, ...]:
        first, last = (int(x) for x in self.arrays.inst_other_ptr[number : number + 2])
        names = self.arrays.other_id
        return tuple(names[int(k)].as_py() for k in self.arrays.inst_other[first:last])

    def get(self, identifier: str) -> Institution:
        """The institution with this id or other id, in any form known to `affil.names.ids`.

        Raises:
            UnknownIdError: the registry has no such id, or several institutions have it.
        """
        return self.at(self.number(identifier))

    def number(self, identifier: str) -> int:
        """The number in the index of the institution with this id (see `get`); raises UnknownIdError."""
        found = self._numbers(identifier)
        if len(found) == 1:
            return found[0]
        several = said("several have it: {0}", ", ".join(self.ids[n] for n in found)) if found else ""
        raise UnknownIdError(identifier, why=several or mistyped(identifier))

    def _numbers(self, identifier: str) -> list[int]:
        """The institutions with this id or other id; of several, the only active one if there is exactly one."""
        for form in id_forms(identifier):
            if form in self._number:
                return [self._number[form]]
        names = self.arrays.other_id
        for form in id_forms(identifier):
            first = bisect_left(names, form, key=lambda name: name.as_py())
            last = bisect_right(names, form, lo=first, key=lambda name: name.as_py())
            if found := [int(n) for n in self.arrays.other_inst[first:last]]:
                status = self.arrays.inst_status
                active = [n for n in found if status[n].as_py() == "active"]
                return active if len(active) == 1 else found
        return []

    def resolve(self, identifier: str) -> str:
        """The current id: itself, or the active successor of a closed institution.

        Raises:
            UnknownIdError: the registry has no such id.
        """
        number = self.number(identifier)
        stands = int(self.arrays.inst_stands[number])
        return self.ids[stands if stands >= 0 else number]

    def ancestors(self, identifier: str) -> frozenset[str]:
        """The ids of all direct and indirect parents in the registry.

        Raises:
            UnknownIdError: the registry has no such id.
        """
        number = self.number(identifier)
        if number not in self._ancestors:
            parent, ptr = self.arrays.parent, self.arrays.parent_ptr
            above: set[int] = set()
            new = {number}
            while new:
                new = {int(p) for n in new for p in parent[ptr[n] : ptr[n + 1]]} - above
                above |= new
            self._ancestors[number] = frozenset(self.ids[n] for n in above - {number})
        return self._ancestors[number]

    def search(self, text: str, limit: int = 10) -> list[tuple[Institution, float]]:
        """Find institutions by id or by any of their names, best first, with a similarity from 0 to 1; ties by prominence.

        An institution that has the text itself as a name has the similarity `EXACT`, others less. Tried in turn, until
        something is found: names with all words of the text, the last one possibly unfinished; names with all words within one
        edit; names with most of the words by idf weight; similar names. Fast enough for search as you type: only names with the
        words are compared.
        """
        from affil.names import fold

        if known := self._numbers(text.strip()):
            return [(self.at(n), 1.0) for n in known[:limit]]
        query = fold(text)
        if not query:
            return []
        words = [re.escape(word) for word in query.split()]
        held = self._holding(words)
        if not held.all(axis=0).any():
            near = ["|".join(f"{re.escape(n)}( |$)" for n in self._near(word)) for word in query.split()]
            held = self._holding([f"(?:{w}|{n})" if n else w for w, n in zip(words, near, strict=True)])
        weight = np.log(held.shape[1] / np.maximum(held.sum(axis=1), 1))
        share = (weight @ held) / max(weight.sum(), 1e-9)
        if held.all(axis=0).any():
            aliases, likeness = self._compared(query, np.flatnonzero(held.all(axis=0)))
        elif share.max(initial=0) >= SEARCH.most:
            aliases, likeness = self._compared(query, np.flatnonzero(share == share.max()))
        else:
            aliases, likeness = self._similar(query)
        owner, ptr = self.arrays.owner_inst, self.arrays.owner_ptr
        count = ptr[aliases + 1] - ptr[aliases]
        first = np.repeat(ptr[aliases] - np.concatenate([[0], np.cumsum(count)[:-1]]), count)
        institution, value = owner[first + np.arange(count.sum())], np.repeat(likeness.round(3), count)
        prominence = np.asarray(self.arrays.inst_prominence)
        order = np.lexsort((institution, -prominence[institution], -value))
        _, best = np.unique(institution[order], return_index=True)
        chosen = order[np.sort(best)][:limit]
        return [(self.at(int(institution[k])), float(value[k])) for k in chosen]

    def _holding(self, patterns: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Boolean matrix, patterns x names: whether a name has a word that begins with the pattern."""
        import pyarrow.compute as pc

        names = self.arrays.alias_text
        return np.array([pc.match_substring_regex(names, f"(^| ){p}").to_numpy(zero_copy_only=False) for p in patterns])

    def _compared(self, query: str, aliases: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """The given names and their similarity to the query."""
        from rapidfuzz import fuzz, process

        texts = self.arrays.alias_text.take(pa.array(aliases)).to_pylist()
        ratio = process.cdist([query], texts, scorer=fuzz.ratio, dtype=np.float64)[0] / 100
        begins = np.array([text.startswith(query) for text in texts], bool)
        return aliases, np.where(ratio == 1, EXACT, np.where(begins, SEARCH.begins, ratio * SEARCH.begins))

    def _near(self, word: str) -> list[str]:
        """Words of the vocabulary at one edit from `word`."""
        from rapidfuzz.distance import OSA

        from affil.registry.hashes import checksums, deletions

        hashes = self.arrays.delete_hash
        asked = checksums(deletions(word))
        spans = zip(np.searchsorted(hashes, asked), np.searchsorted(hashes, asked, "right"), strict=True)
        numbers = np.unique(np.concatenate([self.arrays.delete_word[a:b] for a, b in spans]))
        near: list[str] = self.arrays.word.take(pa.array(numbers)).to_pylist()
        return [n for n in near if OSA.distance(word, n, score_cutoff=1) == 1]

    def _similar(self, query: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """The names most similar to the query as a whole (rapidfuzz's weighted ratio), and their similarities."""
        from rapidfuzz import fuzz, process

        hits = process.extract(query, self._alias_text, scorer=fuzz.WRatio, score_cutoff=SEARCH.least, limit=SEARCH.compared)
        likeness = [SEARCH.similar * (fuzz.ratio(query, text) + score) / 200 for text, score, _ in hits]
        return np.array([alias for *_, alias in hits], np.int64), np.array(likeness, np.float64)

    @cached_property
    def _alias_text(self) -> list[str]:
        out: list[str] = self.arrays.alias_text.to_pylist()
        return out

    def info(self) -> dict[str, Any]:
        """Counts, sources, dates of the sources where known, hash and path."""
        meta = self.meta
        about = {"sources": meta["sources"], "dates": meta.get("dates", {}), "hash": self.hash, "path": str(self.path)}
        return {**meta["counts"], **met_counts(self.met), **about}


def _shipped_file() -> Path:
    return cache_folder() / f"shipped-{sources_hash()}.affil"


def built_shipped() -> Registry | None:
    """The shipped registry if it was used before, so that its index is built; it need not be built to say so."""
    return Registry(built) if (built := _shipped_file()).exists() else None


def _build_shipped(out: Path) -> None:
    from affil.registry.build import SHIPPED, build_file

    build_file([SHIPPED], out, LOG.info)


def build_registry(sources: Sequence[str | Path], out: Path, progress: Callable[[str], None] | None = None) -> Registry:
    """Merge the sources, earlier ones taking precedence, write the built registry to `out`, and open it.

    Args:
        sources: any of `shipped`, `ror`, ROR dumps and tables (see `affil.registry.build.read_source`).
        out: the file to write; replaced only on success.
        progress: called with a message per step.

    Raises:
        InputError: a source cannot be read. AffilError: the sources are empty, or `out` cannot be written.
    """
    from affil.registry.build import build_file

    build_file(sources, out, progress)
    return Registry.open(out)


def write_registry(
    institutions: Sequence[Institution], out: Path, meta: dict[str, Any], tell: Callable[[str], None] = lambda _: None
) -> Registry:
    """Index institutions, write them to `out` atomically, and open it."""
    from affil.registry.build import write_file

    write_file(institutions, out, meta, tell)
    return Registry.open(out)
