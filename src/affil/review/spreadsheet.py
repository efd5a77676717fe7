"""Decisions by spreadsheet: export the queue as CSV or XLSX, and import the filled-in sheet, all rows or none."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affil.errors import AffilError, InputError, needing
from affil.io.outputs import atomic_path, open_output
from affil.io.tables import open_table
from affil.ledger.cases import NOT_AN_ORGANISATION, Case, Cases, Key
from affil.ledger.ledger import Draft
from affil.names import visible
from affil.names.ids import mistyped
from affil.review.items import Item
from affil.types import LedgerEntry
from affil.wording import counted

# `key` identifies the string, `affiliation` detects moved cells, `entry` is the decision shown. People fill in the last two.
COLUMNS = (
    "key",
    "affiliation",
    "mentions",
    "papers",
    "model",
    "probability",
    "candidates",
    "entry",
    "decided_by",
    "institution_ids",
    "why",
)
NONE, NOT = "none", NOT_AN_ORGANISATION
_LONGEST = 32_000  # maximum characters of a cell; Excel's limit is 32,767
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "'")  # cells beginning like this may be executed as formulas
_LINES = str.maketrans("\u2409\u240a\u240d", "   ")  # tabs and line ends, as shown by `visible`
_SHOWN = 50  # problems listed in full
_TOLD = 100  # characters of a string shown in a problem


class ImportProblemsError(AffilError):
    """A spreadsheet has invalid rows; nothing was recorded."""

    def __init__(self, path: Path | str, problems: Sequence[tuple[int, str]]) -> None:
        self.problems = tuple(problems)
        lines = [f"  row {row}: {problem}" for row, problem in problems[:_SHOWN]]
        more = [f"  and {len(problems) - _SHOWN:,} more"] if len(problems) > _SHOWN else []
        head = f"{path}: {counted(len(problems), 'problem')}, nothing was recorded; correct them and import again"
        super().__init__("\n".join([head, *lines, *more]))


@dataclass(frozen=True, slots=True)
class Imported:
    """Result of an import: rows recorded (`decided`), of these as `opinions` beside another person's decision; rows
    `unchanged`, and `blank` rows.
    """

    decided: int
    opinions: int
    unchanged: int
    blank: int


def string_key(affiliation: str) -> str:
    """A short key of a raw string."""
    return hashlib.sha256(affiliation.encode(errors="surrogatepass")).hexdigest()[:20]


def sheet_rows(items: Iterable[Item], cases: Cases, name_of: Callable[[str], str]) -> Iterator[dict[str, str]]:
    """The rows of a sheet, by `COLUMNS`.

    Args:
        items: the strings.
        cases: the cases; current decisions are filled in.
        name_of: the display name of an institution id.
    """
    for item in items:
        case = cases.get(Key(item.affiliation), Case())
        holder = case.holder
        yield {
            "key": string_key(item.affiliation),
            "affiliation": item.affiliation,
            "mentions": str(item.mentions),
            "papers": str(item.papers),
            "model": item.decision,
            "probability": f"{item.probability:.3f}" if item.institutions else "",
            "candidates": "; ".join(f"{i} {name_of(i)}" for i in item.institutions),
            "entry": str(holder.number) if holder else "",
            "decided_by": holder.by if holder else "",
            "institution_ids": _cell(case),
            "why": holder.why if holder else "",
        }


def _cell(case: Case) -> str:
    return "" if case.holder is None else _cell_of(case.holder)


def _cell_of(entry: LedgerEntry) -> str:
    if not entry.institutions:
        return NOT if entry.why.startswith(NOT) else NONE
    return " ".join(sorted(entry.institutions))


def _forms(entry: LedgerEntry, resolve: Callable[[str], str | None]) -> tuple[str, str]:
    """What a cell says that repeats an entry, with its ids as they were, and as the registry has them now."""
    cell = _cell_of(entry)
    return cell, " ".join(sorted(resolve(one) or one for one in cell.split())) if entry.institutions else cell


def write_sheet(path: Path | str, rows: Iterable[Mapping[str, str]]) -> int:
    """Write rows as CSV or XLSX, by the extension; returns their number. Cells are protected against formula injection.

    Raises:
        AffilError: the extension is unknown, or the file cannot be written.
    """
    if Path(path).suffix.lower() == ".xlsx":
        return _write_xlsx(Path(path), rows)
    if Path(path).suffix.lower() not in (".csv", ""):
        raise AffilError(f"{path}: a sheet must be .csv or .xlsx")
    count = 0
    with open_output(path) as raw:
        text = io.TextIOWrapper(raw, "utf-8-sig", newline="", write_through=True)  # with a BOM, which Excel needs
        try:
            writer = csv.writer(text, lineterminator="\r\n")
            writer.writerow(COLUMNS)
            for row in rows:
                writer.writerow([_harmless(row[c]) for c in COLUMNS])
                count += 1
        finally:
            text.detach()
    return count


def _write_xlsx(path: Path, rows: Iterable[Mapping[str, str]]) -> int:
    openpyxl = _openpyxl()
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("review")
    sheet.freeze_panes = "C2"
    widths = {"A": 8, "B": 60, "G": 50, "J": 40, "K": 40}
    for column, width in widths.items():
        sheet.column_dimensions[column].width = width
    sheet.append(list(COLUMNS))
    count = 0
    for row in rows:
        cells = []
        for column in COLUMNS:
            cell = openpyxl.cell.WriteOnlyCell(sheet, value=_short(visible(row[column])))
            cell.data_type = "s"  # text, even if it begins with =
            cell.quotePrefix = True
            cells.append(cell)
        sheet.append(cells)
        count += 1
    with atomic_path(path) as temporary:
        book.save(temporary)
    return count


def _harmless(text: str) -> str:
    shown = _short(visible(text))
    return f"'{shown}" if shown.startswith(_DANGEROUS) else shown


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text) - _LONGEST:,} more characters)"


def read_sheet(path: Path | str) -> list[tuple[int, dict[str, str]]]:
    """The numbered rows of a sheet; protective quotes are removed from cells.

    Raises:
        InputError: the file cannot be read, or lacks a column.
    """
    if Path(path).suffix.lower() == ".xlsx":
        columns, rows = _read_xlsx(Path(path))
    else:
        with open_table(path, "csv" if Path(path).suffix.lower() == ".csv" else None) as table:
            columns = list(table.columns)
            rows = [
                (number, dict(zip(columns, map(_plain, values), strict=True)))
                for batch in table.batches(10_000)
                for number, values in zip(batch.rows, zip(*batch.columns.values(), strict=True), strict=True)
            ]
    if "institution_ids" not in columns or not {"key", "affiliation"} & set(columns):
        raise InputError(
            path, "needs the columns institution_ids, and key or affiliation", row=1, fix="export a sheet and fill it in"
        )
    return rows


def _read_xlsx(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    openpyxl = _openpyxl()
    try:
        book = openpyxl.load_workbook(path, read_only=True)
        table = [[_plain(value) for value in row] for row in book.worksheets[0].iter_rows(values_only=True)]
        book.close()
    except FileNotFoundError as error:
        raise InputError(path, "no such file", fix="check the path") from error
    except Exception as error:  # openpyxl fails in many ways on damaged files
        raise InputError(path, f"cannot be read as XLSX: {error}", fix="save it again as .xlsx or .csv") from error
    columns = table[0] if table else []
    filled = ((n, row) for n, row in enumerate(table[1:], 2) if any(row))
    return columns, [(n, dict(zip(columns, row, strict=False))) for n, row in filled]


def _plain(value: Any) -> str:
    text = "" if value is None else str(value)
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in _DANGEROUS else text


def read_drafts(
    path: Path | str,
    *,
    by: str,
    cases: Cases,
    strings: Mapping[str, str],
    resolve: Callable[[str], str | None],
) -> tuple[list[Draft], int, int]:
    """The decisions in a filled-in sheet, and the numbers of unchanged and of blank rows.

    Args:
        path: a sheet (see `read_sheet`).
        by: the person, for rows without a column `by`.
        cases: the current cases.
        strings: the strings of the workspace by `string_key`.
        resolve: maps a written id to the registry's form, or None.

    Raises:
        InputError: the sheet cannot be read. ImportProblemsError: rows are invalid; all are listed.
    """
    drafts: list[Draft] = []
    problems: list[tuple[int, str]] = []
    seen: dict[str, int] = {}
    unchanged = blank = 0
    texts = _texts(strings.values())
    for number, row in read_sheet(path):
        cell = row.get("institution_ids", "").strip()
        affiliation, problem = _string(row, strings, texts)
        if not cell:
            if affiliation is None and row.get("key", "").strip() in strings:
                problems.append((number, problem))  # nothing to record, but cells were moved
            blank += 1
            continue
        found = [problem] if problem else []
        who = row.get("by", "").strip() or by
        if not who.strip():
            found.append("nobody is named as deciding; fill in a column by, or give --by")
        ids, wrong = _ids(cell, resolve)
        found += wrong
        if affiliation and (before := seen.setdefault(affiliation, number)) != number:
            found.append(f"the string stands in row {before} already")
        problems += [(number, problem) for problem in found]
        if found or affiliation is None:
            continue
        case = cases.get(Key(affiliation), Case())
        refused = cell.casefold() == NOT
        said = NOT if refused else " ".join(sorted(ids)) or NONE
        shown = row.get("entry", "").strip()
        prefilled = [e for e, _ in case.decided if str(e.number) == shown]
        own = [e for e in (case.holder, *case.opinions.values()) if e is not None and e.by == who.strip()]
        if any(said in _forms(e, resolve) for e in (*prefilled, *own)):  # as it was exported, or said before
            unchanged += 1
            continue
        why = row.get("why", "").strip() or f"decided in {Path(path).name}"
        if refused and not why.startswith(NOT):
            why = f"{NOT}: {why}"
        blind = case.holder is not None and shown != str(case.holder.number)
        drafts.append(Draft(Key(affiliation), tuple(ids), who, why, blind=blind))
    if problems:
        raise ImportProblemsError(path, problems)
    return drafts, unchanged, blank


def _string(row: Mapping[str, str], strings: Mapping[str, str], texts: Mapping[str, list[str]]) -> tuple[str | None, str]:
    """The string of a row; else None and the problem.

    Key and text must agree: they do not if only some columns of a sheet were sorted or pasted.
    """
    written, key = row.get("affiliation"), row.get("key", "").strip()
    if key:
        found = strings.get(key)
        if found is None:
            return None, "its key or string is not one of this workspace"
        if written is not None and _same(written) != _same(_short(visible(found))):
            shown, meant = (visible(text)[:_TOLD] for text in (written, found))
            return None, (
                f"its key belongs to {meant!r}, but its affiliation is {shown!r}: parts of rows were moved; "
                "undo that and sort whole rows, or export the sheet again"
            )
        return found, ""
    candidates = texts.get(_same(written or ""), [])
    exact = [text for text in candidates if text == written] or candidates
    if len(exact) > 1:
        return None, f"{len(exact)} strings of this workspace are written so in a sheet; keep the column key"
    return (exact[0], "") if exact else (None, "its key or string is not one of this workspace")


def _texts(strings: Iterable[str]) -> dict[str, list[str]]:
    """Strings by their normalised text in a sheet."""
    out: dict[str, list[str]] = {}
    for text in strings:
        for form in {_same(_short(visible(text))), _same(text)}:
            out.setdefault(form, []).append(text)
    return out


def _same(text: str) -> str:
    """Normalise what spreadsheets change: accent composition, line ends, surrounding blanks, the quote before a formula."""
    shown = unicodedata.normalize("NFC", visible(text)).translate(_LINES)
    return " ".join(shown.split()).lstrip("' ")


def _ids(cell: str, resolve: Callable[[str], str | None]) -> tuple[list[str], list[str]]:
    if cell.casefold() in (NONE, NOT):
        return [], []
    ids, problems = [], []
    for one in re.split(r"[\s;,|]+", cell):
        if one.casefold() == NONE:
            problems.append("none stands alone: a string names institutions or none")
        elif one:
            found = resolve(one)
            if found is None:
                problems.append(f"the registry has no institution {one!r}" + (f": {mistyped(one)}" if mistyped(one) else ""))
            else:
                ids.append(found)
    return list(dict.fromkeys(ids)), problems


def _openpyxl() -> Any:
    with needing("xlsx", "XLSX", "use .csv"):
        import openpyxl
        import openpyxl.cell
    return openpyxl
