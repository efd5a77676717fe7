"""Decisions by spreadsheet: strings as CSV or XLSX, and the filled-in sheet back, all rows or none."""

from __future__ import annotations

import csv
import hashlib
import io
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
from affil.registry.written import NONE, Written, called
from affil.review.doubts import AUDIT, WORDS
from affil.review.items import Item
from affil.types import Institution, LedgerEntry
from affil.wording import counted, joined, said

# `key` identifies the string, `affiliation` detects moved cells, `reason` is why it is asked, `entry` is the decision shown. People fill
# in the last two.
COLUMNS = (
    "key",
    "affiliation",
    "mentions",
    "papers",
    "model",
    "probability",
    "candidates",
    "reason",
    "entry",
    "decided_by",
    "institution_ids",
    "why",
)
WIDTHS = {
    "key": 8,
    "affiliation": 60,
    "candidates": 50,
    "reason": 30,
    "institution_ids": 40,
    "why": 40,
}  # in a workbook, in characters
NOT = NOT_AN_ORGANISATION
_LONGEST = 32_000  # maximum characters of a cell; Excel's limit is 32,767
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "'")  # cells beginning like this may be executed as formulas
_LINES = str.maketrans("\u2409\u240a\u240d", "   ")  # tabs and line ends, as shown by `visible`
_SHOWN = 50  # problems listed in full
_TOLD = 100  # characters of a string shown in a problem


class ImportProblemsError(AffilError):
    """A spreadsheet has invalid rows; nothing was recorded or written."""

    def __init__(self, path: Path | str, problems: Sequence[tuple[int, str]], so: str = said("nothing was recorded")) -> None:
        self.problems = tuple(problems)
        lines = [said("  row {0}: {1}", row, problem) for row, problem in problems[:_SHOWN]]
        more = [said("  and {0:,} more", len(problems) - _SHOWN)] if len(problems) > _SHOWN else []
        head = said("{0}: {1}, {2}; correct the sheet and do it again", path, counted(len(problems), "problem"), so)
        super().__init__(joined("\n", [head, *lines, *more]))


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


def sheet_rows(
    items: Iterable[Item],
    cases: Cases,
    candidates: Callable[[Item], Iterable[Institution | str]],
    doubts: Callable[[Item], Iterable[str]],
) -> Iterator[dict[str, str]]:
    """The rows of a sheet, by `COLUMNS`.

    Args:
        items: the strings.
        cases: the cases; current decisions are filled in.
        candidates: the institutions that a string may name; an id of one that is no longer known.
        doubts: the reasons of doubt of a string (see `affil.review.doubts`).
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
            "candidates": listed(candidates(item)),
            "reason": reason([AUDIT] if item.audit else doubts(item)),
            "entry": str(holder.number) if holder else "",
            "decided_by": holder.by if holder else "",
            "institution_ids": _cell(case),
            "why": holder.why if holder else "",
        }


def listed(candidates: Iterable[Institution | str]) -> str:
    """Institutions, or ids of unknown ones, in a cell; a part of it is an answer that `Written.all` reads."""
    return "; ".join(one if isinstance(one, str) else called(one) for one in candidates)


def reason(doubts: Iterable[str]) -> str:
    """Why a string is asked, in words; a sure answer is asked only by who exports all strings."""
    return "; ".join(WORDS[one] for one in doubts) or "not in doubt"


def _cell(case: Case) -> str:
    return "" if case.holder is None else _cell_of(case.holder)


def _cell_of(entry: LedgerEntry) -> str:
    if not entry.institutions:
        return NOT if entry.why.startswith(NOT) else NONE
    return " ".join(sorted(entry.institutions))


def _forms(entry: LedgerEntry, institutions: Written) -> tuple[str, str]:
    """What a cell says that repeats an entry, with its ids as they were, and as the registry has them now."""
    now = ((i, institutions.find(i)) for i in entry.institutions or ())
    return _cell_of(entry), " ".join(sorted(one.id if one else i for i, one in now)) or _cell_of(entry)


def check_sheet_name(path: Path | str) -> None:
    """Raises AffilError where a sheet cannot be written under this name."""
    if Path(path).suffix.lower() not in (".csv", ".xlsx", ""):
        raise AffilError(said("{0}: a sheet must be .csv or .xlsx", path))
    if Path(path).suffix.lower() == ".xlsx":
        _openpyxl()


def write_sheet(path: Path | str, rows: Iterable[Mapping[str, str]], columns: Sequence[str] = COLUMNS) -> int:
    """Write rows as CSV or XLSX, by the extension; returns their number. Cells are protected against formula injection.

    Raises:
        AffilError: the extension is unknown, or the file cannot be written.
    """
    check_sheet_name(path)
    if Path(path).suffix.lower() == ".xlsx":
        return _write_xlsx(Path(path), rows, columns)
    count = 0
    with open_output(path) as raw:
        text = io.TextIOWrapper(raw, "utf-8-sig", newline="", write_through=True)  # with a BOM, which Excel needs
        try:
            writer = csv.writer(text, lineterminator="\r\n")
            writer.writerow(columns)
            for row in rows:
                writer.writerow([_harmless(row[c]) for c in columns])
                count += 1
        finally:
            text.detach()
    return count


def _write_xlsx(path: Path, rows: Iterable[Mapping[str, str]], columns: Sequence[str]) -> int:
    openpyxl = _openpyxl()
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("review")
    sheet.freeze_panes = "C2"
    for number, column in enumerate(columns, 1):
        if column in WIDTHS:
            sheet.column_dimensions[openpyxl.utils.get_column_letter(number)].width = WIDTHS[column]
    sheet.append(list(columns))
    count = 0
    for row in rows:
        cells = []
        for column in columns:
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
            path,
            said("needs the columns institution_ids, and key or affiliation"),
            row=1,
            fix=said("export a sheet and fill it in"),
        )
    return rows


def _read_xlsx(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    openpyxl = _openpyxl()
    try:
        book = openpyxl.load_workbook(path, read_only=True)
        table = [[_plain(value) for value in row] for row in book.worksheets[0].iter_rows(values_only=True)]
        book.close()
    except FileNotFoundError as error:
        raise InputError(path, said("no such file"), fix=said("check the path")) from error
    except Exception as error:  # openpyxl fails in many ways on damaged files
        raise InputError(
            path, said("cannot be read as XLSX: {0}", error), fix=said("save it again as .xlsx or .csv")
        ) from error
    columns = table[0] if table else []
    filled = ((n, row) for n, row in enumerate(table[1:], 2) if any(row))
    return columns, [(n, dict(zip(columns, row, strict=False))) for n, row in filled]


def _plain(value: Any) -> str:
    text = "" if value is None else str(value)
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in _DANGEROUS else text


@dataclass(frozen=True, slots=True)
class Answer:
    """A filled-in row of a sheet: the string, the ids of its institutions, by whom and why; `refused` if it is not an organisation;
    `entry` is the decision that the sheet showed.
    """

    affiliation: str
    ids: tuple[str, ...]
    refused: bool
    by: str
    why: str
    entry: str


def read_answers(
    path: Path | str,
    *,
    strings: Mapping[str, str],
    institutions: Written,
    of: str,
    by: str | None = None,
    so: str = said("nothing was recorded"),
) -> tuple[list[Answer], int]:
    """The filled-in rows of a sheet, and the number of blank ones.

    Args:
        path: a sheet (see `read_sheet`).
        strings: the strings that a row may be about, by `string_key`.
        institutions: those that a cell may name, by ids or names (see `Written.all`).
        of: what has these strings, for messages.
        by: the person, for rows without a column `by`; "": each row must name one; None: none need to.
        so: what an error means for the caller.

    Raises:
        InputError: the sheet cannot be read. ImportProblemsError: rows are invalid; all are listed.
    """
    answers: list[Answer] = []
    problems: list[tuple[int, str]] = []
    seen: dict[str, int] = {}
    texts = _texts(strings.values())
    blank = 0
    for number, row in read_sheet(path):
        cell = row.get("institution_ids", "").strip()
        affiliation, problem = _string(row, strings, texts, of)
        if not cell:
            if affiliation is None and row.get("key", "").strip() in strings:
                problems.append((number, problem))  # nothing to record, but cells were moved
            blank += 1
            continue
        found = [problem] if problem else []
        who = row.get("by", "").strip() or (by or "").strip()
        if not who and by is not None:
            found.append(said("nobody is named as deciding; fill in a column by, or give --by"))
        silent = cell.casefold() in (NONE, NOT)
        named, wrong = ([], []) if silent else institutions.all(cell)
        found += wrong
        if affiliation and (before := seen.setdefault(affiliation, number)) != number:
            found.append(said("the string stands in row {0} already", before))
        problems += [(number, problem) for problem in found]
        if not found and affiliation is not None:
            reasons = row.get("why", "").strip(), row.get("entry", "").strip()
            answers.append(Answer(affiliation, tuple(one.id for one in named), cell.casefold() == NOT, who, *reasons))
    if problems:
        raise ImportProblemsError(path, problems, so)
    return answers, blank


def read_drafts(
    path: Path | str, *, by: str, cases: Cases, strings: Mapping[str, str], institutions: Written
) -> tuple[list[Draft], int, int]:
    """The decisions in a filled-in sheet of a workspace, and the numbers of unchanged and of blank rows.

    Args:
        path: a sheet (see `read_sheet`).
        by: the person, for rows without a column `by`.
        cases: the current cases.
        strings: the strings of the workspace by `string_key`.
        institutions: those that a cell may name.

    Raises:
        InputError: the sheet cannot be read. ImportProblemsError: rows are invalid; all are listed.
    """
    answers, blank = read_answers(path, strings=strings, institutions=institutions, of=said("this workspace"), by=by)
    drafts: list[Draft] = []
    for one in answers:
        case = cases.get(Key(one.affiliation), Case())
        answer = NOT if one.refused else " ".join(sorted(one.ids)) or NONE
        prefilled = [e for e, _ in case.decided if str(e.number) == one.entry]
        own = [e for e in (case.holder, *case.opinions.values()) if e is not None and e.by == one.by]
        if any(answer in _forms(e, institutions) for e in (*prefilled, *own)):  # as it was exported, or said before
            continue
        why = one.why or f"decided in {Path(path).name}"
        if one.refused and not why.startswith(NOT):
            why = f"{NOT}: {why}"
        blind = case.holder is not None and one.entry != str(case.holder.number)
        drafts.append(Draft(Key(one.affiliation), one.ids, one.by, why, blind=blind))
    return drafts, len(answers) - len(drafts), blank


def _string(
    row: Mapping[str, str], strings: Mapping[str, str], texts: Mapping[str, list[str]], of: str
) -> tuple[str | None, str]:
    """The string of a row; else None and the problem.

    Key and text must agree: they do not if only some columns of a sheet were sorted or pasted.
    """
    written, key = row.get("affiliation"), row.get("key", "").strip()
    if key:
        found = strings.get(key)
        if found is None:
            return None, said("its key or string is not one of {0}", of)
        if written is not None and _same(written) != _same(_short(visible(found))):
            shown, meant = (visible(text)[:_TOLD] for text in (written, found))
            return None, (
                said(
                    "its key belongs to {0!r}, but its affiliation is {1!r}: parts of rows were "
                    "moved; undo that and sort whole rows, or export the sheet again",
                    meant,
                    shown,
                )
            )
        return found, ""
    candidates = texts.get(_same(written or ""), [])
    exact = [text for text in candidates if text == written] or candidates
    if len(exact) > 1:
        return None, said("{0} strings of {1} are written so in a sheet; keep the column key", len(exact), of)
    return (exact[0], "") if exact else (None, said("its key or string is not one of {0}", of))


def _texts(strings: Iterable[str]) -> dict[str, list[str]]:
    """Strings by their normalised text in a sheet."""
    out: dict[str, list[str]] = {}
    for text in strings:
        for form in sheet_forms(text):
            out.setdefault(form, []).append(text)
    return out


def sheet_forms(text: str) -> set[str]:
    """The normalised forms in which a string may stand in a sheet."""
    return {_same(_short(visible(text))), _same(text)}


def asked_in(path: Path | str) -> Callable[[str], bool]:
    """Whether a string is one of those that a sheet is about, by its key or, in a row without one, by its text.

    Raises:
        InputError: the sheet cannot be read.
    """
    rows = [row for _, row in read_sheet(path)]
    keys = {row.get("key", "").strip() for row in rows} - {""}
    texts = {_same(row.get("affiliation", "")) for row in rows if not row.get("key", "").strip()}
    return lambda text: string_key(text) in keys or (bool(texts) and not texts.isdisjoint(sheet_forms(text)))


def _same(text: str) -> str:
    """Normalise what spreadsheets change: accent composition, line ends, surrounding blanks, the quote before a formula."""
    shown = unicodedata.normalize("NFC", visible(text)).translate(_LINES)
    return " ".join(shown.split()).lstrip("' ")


def _openpyxl() -> Any:
    with needing("xlsx", "XLSX", said("use .csv")):
        import openpyxl
        import openpyxl.cell
        import openpyxl.utils
    return openpyxl
