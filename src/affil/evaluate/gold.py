"""Labelled strings: the project's own gold sets and external ones, in any table format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from affil.errors import InputError
from affil.io.tables import open_table
from affil.wording import said

if TYPE_CHECKING:
    import pandas as pd

ID_COLUMNS = ("institution_ids", "ror_ids", "required")
SLICES = ("stratum", "language", "source", "sample")
_BATCH = 10_000


@dataclass(frozen=True, slots=True)
class GoldRow:
    """A labelled string: its ids (empty for NIL), and its slices.

    `acceptable` ids count neither as right nor as wrong: a parent of a labelled one, an old record, an unidentifiable branch.
    `in_registry` is the set's own statement about the registry it was made for; default true.
    """

    affiliation: str
    ids: tuple[str, ...]
    acceptable: tuple[str, ...] = ()
    in_registry: bool = True
    slices: tuple[tuple[str, str], ...] = ()


def read_gold(rows: Path | str | pd.DataFrame) -> list[GoldRow]:
    """Read labelled strings from a file or a frame.

    Columns: `affiliation`; `institution_ids`, `ror_ids` or `required` (separated by blanks; empty for NIL); optional:
    `acceptable` (ids that count neither as right nor as wrong), `in_registry` (true or false), and the slices `stratum`,
    `language`, `source` and `sample`.

    Raises:
        InputError: the file cannot be read, or a column is missing.
    """
    if isinstance(rows, str | Path):
        with open_table(rows) as table:
            table.require("affiliation")
            ids = _id_column(table.columns, table.name)
            return [row for batch in table.batches(_BATCH) for row in _rows(dict(batch.columns), ids)]
    columns = {str(c): rows[c].fillna("").tolist() for c in rows}
    if "affiliation" not in columns:
        raise InputError("the frame", said("no column 'affiliation'; its columns are: {0}", ", ".join(columns)))
    return _rows(columns, _id_column(tuple(columns), said("the frame")))


def _id_column(columns: tuple[str, ...], name: str) -> str:
    found = next((c for c in ID_COLUMNS if c in columns), None)
    if found is None:
        fix = said("labels stand in a column {0}", " or ".join(ID_COLUMNS))
        raise InputError(name, said("no column with labels; its columns are: {0}", ", ".join(columns)), fix=fix)
    return found


def _rows(columns: dict[str, list[Any]], ids: str) -> list[GoldRow]:
    names = [s for s in SLICES if s in columns]
    rows = len(columns["affiliation"])
    here, also = columns.get("in_registry") or [""] * rows, columns.get("acceptable") or [""] * rows
    of_slices = zip(*(columns[s] for s in names), strict=True) if names else [()] * rows
    return [
        GoldRow(
            affiliation=str(affiliation or ""),
            ids=tuple(str(labels or "").split()),
            acceptable=tuple(str(either or "").split()),
            in_registry=str(in_registry).lower() != "false",
            slices=tuple((name, str(value)) for name, value in zip(names, values, strict=True) if value),
        )
        for affiliation, labels, either, in_registry, values in zip(
            columns["affiliation"], columns[ids], also, here, of_slices, strict=True
        )
    ]
