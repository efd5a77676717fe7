"""A built registry, opened: look institutions up by id or by text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import pyarrow as pa

from affil.errors import AffilError, UnknownIdError
from affil.registry.store import FORMAT, Store
from affil.types import Institution, Name


class Registry:
    """Institutions and the index over their names, memory-mapped from one file."""

    def __init__(self, path: Path) -> None:
        """Open a built registry file; see `Registry.open`."""
        self.path = path
        self.store = Store(path)

    @classmethod
    def open(cls, path: Path | str | None = None) -> Registry:
        """Open a built registry; without a path the shipped one, built once into the user's cache folder.

        Raises:
            InputError: the file is missing, damaged, or built by another version.
        """
        if path is not None:
            return cls(Path(path))
        cached = _cache_folder() / f"shipped-{_shipped_hash()}.affil"
        if not cached.exists():
            from affil.registry.build import SHIPPED, build_registry

            build_registry([SHIPPED], cached)
        return cls(cached)

    @property
    def hash(self) -> str:
        """SHA-256 of the contents."""
        return str(self.store.meta["hash"])

    @property
    def version(self) -> str:
        """What it was built from, and a short hash."""
        return f"{' + '.join(self.store.meta['sources'])} ({self.hash[:12]})"

    @cached_property
    def ids(self) -> list[str]:
        """All ids, in the order of the index."""
        out: list[str] = self.store.strings("inst_id").to_pylist()
        return out

    @cached_property
    def _number(self) -> dict[str, int]:
        return {x: i for i, x in enumerate(self.ids)}

    def __len__(self) -> int:
        return len(self.store.strings("inst_id"))

    def __iter__(self) -> Iterator[Institution]:
        return (self.at(i) for i in range(len(self)))

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._number

    def at(self, number: int) -> Institution:
        """The institution with this number in the index."""
        text = {f: self.store.strings(f"inst_{f}")[number].as_py() for f in _TEXT}
        lat, lon = (float(self.store.array(f"inst_{f}")[number]) for f in ("lat", "lon"))
        first, last = (int(x) for x in self.store.array("inst_name_ptr")[number : number + 2])
        parts = [self.store.strings(f"name_{f}")[first:last].to_pylist() for f in ("value", "language", "kind")]
        until = self.store.array("name_until")[first:last].tolist()
        return Institution(
            **{f: text[f] for f in _TEXT if f not in ("parents", "successors")},
            names=tuple(Name(v, lang, kind, u or None) for v, lang, kind, u in zip(*parts, until, strict=True)),
            lat=None if np.isnan(lat) else lat,
            lon=None if np.isnan(lon) else lon,
            parents=tuple(text["parents"].split()),
            successors=tuple(text["successors"].split()),
            prominence=round(float(self.store.array("inst_prominence_raw")[number]), 4),
        )

    def get(self, identifier: str) -> Institution:
        """The institution with this id (a bare ROR id, without the address before it, will do).

        Raises:
            UnknownIdError: the registry has no such id.
        """
        return self.at(self.number(identifier))

    def number(self, identifier: str) -> int:
        """The number in the index of the institution with this id; raises UnknownIdError."""
        for form in (identifier, f"https://ror.org/{identifier.removeprefix('ror.org/').removeprefix('http://ror.org/')}"):
            if form in self._number:
                return self._number[form]
        raise UnknownIdError(identifier)

    def resolve(self, identifier: str) -> str:
        """The id that stands for this one today: itself, or the active successor of a closed institution.

        Raises:
            UnknownIdError: the registry has no such id.
        """
        number = self.number(identifier)
        stands = int(self.store.array("inst_stands")[number])
        return self.ids[stands if stands >= 0 else number]

    def search(self, text: str, limit: int = 10) -> list[tuple[Institution, float]]:
        """Find institutions by any of their names, best first, with a similarity from 0 to 1.

        Compares folded names: an exact name first, then names that start with the text (whose last word may be unfinished),
        then similar ones (rapidfuzz's weighted ratio); equals in order of prominence.
        """
        from rapidfuzz import fuzz, process

        from affil.text import fold

        query = fold(text)
        if not query:
            return []
        hits = process.extract(query, self._alias_text, scorer=fuzz.WRatio, score_cutoff=55, limit=400)
        hits += [(text, 0.0, i) for i, text in enumerate(self._alias_text) if text.startswith(query)]
        scored: dict[int, float] = {}
        owner, ptr = self.store.array("owner_inst"), self.store.array("owner_ptr")
        for alias_text, score, alias in hits:
            begins = 0.97 if alias_text.startswith(query + " ") else 0.96 if alias_text.startswith(query) else 0.0
            exact = 1.0 if alias_text == query else begins
            value = exact or 0.95 * fuzz.ratio(query, alias_text) / 200 + 0.95 * score / 200
            for institution in owner[ptr[alias] : ptr[alias + 1]].tolist():
                scored[institution] = max(scored.get(institution, 0.0), value)
        prominence = self.store.array("inst_prominence")
        best = sorted(scored, key=lambda i: (-round(scored[i], 3), -prominence[i], i))[:limit]
        return [(self.at(i), round(scored[i], 3)) for i in best]

    def find(self, text: str, limit: int = 10) -> list[tuple[Institution, float]]:
        """Find institutions one of whose names has all words of a text, the last of which may be unfinished; best first.

        Where there are none, as of a misspelt word, those of `search`. It answers while somebody types: only names with all
        words are compared.
        """
        import pyarrow.compute as pc
        from rapidfuzz import fuzz, process

        from affil.text import fold

        query = fold(text)
        if not query:
            return []
        names = self.store.strings("alias_text")
        held = np.ones(len(names), bool)
        for word in query.split():
            held &= pc.match_substring_regex(names, rf"(^| ){re.escape(word)}").to_numpy(zero_copy_only=False)
        aliases = np.flatnonzero(held)
        if not len(aliases):
            return self.search(text, limit)
        texts = names.take(pa.array(aliases)).to_pylist()
        ratio = process.cdist([query], texts, scorer=fuzz.ratio, dtype=np.float64)[0]
        begins = np.array([t.startswith(query) for t in texts])
        score = np.where(ratio == 100, 1.0, np.where(begins, 0.97, ratio / 103))
        owner, ptr = self.store.array("owner_inst"), self.store.array("owner_ptr")
        count = ptr[aliases + 1] - ptr[aliases]
        first = np.repeat(ptr[aliases] - np.concatenate([[0], np.cumsum(count)[:-1]]), count)
        institution, value = owner[first + np.arange(count.sum())], np.repeat(score, count)
        prominence = np.asarray(self.store.array("inst_prominence"))
        order = np.lexsort((institution, -prominence[institution], -value.round(3)))
        _, best = np.unique(institution[order], return_index=True)
        chosen = order[np.sort(best)][:limit]
        return [(self.at(int(institution[k])), round(float(value[k]), 3)) for k in chosen]

    @cached_property
    def _alias_text(self) -> list[str]:
        out: list[str] = self.store.strings("alias_text").to_pylist()
        return out

    def info(self) -> dict[str, Any]:
        """What the registry holds and where it comes from."""
        return {**self.store.meta["counts"], "sources": self.store.meta["sources"], "hash": self.hash, "path": str(self.path)}


_TEXT = ("id", "name", "kind", "country", "region", "city", "domain", "status", "parents", "successors")


def _cache_folder() -> Path:
    folder = platformdirs.user_cache_path("affil", ensure_exists=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AffilError(f"{folder}: cannot be written ({error.strerror}); set XDG_CACHE_HOME to a writable folder") from error
    return folder


def _shipped_hash() -> str:
    """A hash of all that the shipped registry is built from, tables and code."""
    digest = hashlib.sha256(str(FORMAT).encode())
    code = ("build.py", "index.py", "merge.py", "places.py", "tables.py", "data/institutions.csv", "data/names.csv")
    for package, names in (("affil.registry", code), ("affil.text", ("words.csv", "fold.py", "tokens.py", "repair.py"))):
        for name in names:
            digest.update(resources.files(package).joinpath(name).read_bytes())
    return digest.hexdigest()[:16]
