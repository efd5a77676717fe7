"""Strings out of Arrow: of tables, columns and streams of any library that speaks its C interface, read where they lie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, runtime_checkable

import pyarrow as pa

from affil.errors import AffilError, InputError
from affil.io.table import affiliation_column
from affil.wording import said


@runtime_checkable
class ArrowStream(Protocol):
    """What gives its data as a stream of Arrow: tables, columns and readers of PyArrow, frames of Polars and pandas, relations of DuckDB."""

    def __arrow_c_stream__(self, requested_schema: object = None, /) -> object:
        """A capsule of the stream."""


@runtime_checkable
class ArrowArray(Protocol):
    """What gives its data as one array of Arrow."""

    def __arrow_c_array__(self, requested_schema: object = None, /) -> object:
        """Capsules of schema and array."""


Strings = Iterable[str | None] | ArrowStream | ArrowArray


def distinct_strings(given: Strings, column: str | None = None) -> tuple[list[str], list[int]]:
    """The distinct strings, in the order in which they come first, and for each string given which of them it is; what is missing is "".

    Args:
        given: strings, or Arrow: a column of them, or a table that has one.
        column: the heading of that column; default: as `affil.match_file` finds it.

    Raises:
        InputError: the table has no such column, or it holds no strings. AffilError: it is neither Arrow nor several strings.
    """
    if not isinstance(given, ArrowStream | ArrowArray):
        if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
            raise AffilError(said("several strings or a table are matched, not {0}", type(given).__name__))
        place: dict[str, int] = {}
        which = [place.setdefault(string_of(value, number), len(place)) for number, value in enumerate(given, 1)]
        return [*place], which
    found = string_column(pa.chunked_array(given if isinstance(given, ArrowStream) else [pa.array(given)]), column)
    coded = found.fill_null("").dictionary_encode().unify_dictionaries()
    values = coded.chunk(0).dictionary.to_pylist() if coded.num_chunks else []
    return values, [code for chunk in coded.chunks for code in chunk.indices.to_pylist()]


def string_of(value: object, number: int) -> str:
    """A value that should be an affiliation; "" for None, NaN and NA.

    Raises:
        AffilError: it is no text; the message tells its number.
    """
    if isinstance(value, str):
        return str(value)
    if value is None or (not isinstance(value, list | tuple | dict | bytes) and _missing(value)):
        return ""
    told = said("an affiliation is a text, not {0!r} (number {1})", value, number)
    several = isinstance(value, list | tuple) or hasattr(value, "__array__")
    raise AffilError(said("{0}; give each string a row of its own", told) if several else told)


def _missing(value: object) -> bool:
    """Whether this is NaN, which is not itself, or NA, of which nobody can tell."""
    try:
        return bool(value != value)
    except (TypeError, ValueError):  # of NA; of an array
        return type(value).__name__ == "NAType"


def string_column(given: pa.ChunkedArray, column: str | None) -> pa.ChunkedArray:
    """The column of strings in a table, which Arrow streams as structs, or the column itself.

    Raises:
        InputError: see `distinct_strings`.
    """
    name = "the column"
    if pa.types.is_struct(given.type):
        names = [field.name for field in given.type]
        name = affiliation_column("the table", names, column)
        import pyarrow.compute as pc  # for tables alone: it takes as long as a match

        given = pc.struct_field(given, [names.index(name)])
    coded = pa.types.is_dictionary(given.type)
    kind = given.type.value_type if coded else given.type
    if not (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_null(kind)
    ):
        raise InputError("the table", said("{0} holds {1}, no strings", name, given.type))
    if coded:  # Arrow does not decode those of views itself
        chunks = [chunk.dictionary.cast(pa.large_string()).take(chunk.indices) for chunk in given.chunks]
        return pa.chunked_array(chunks, pa.large_string())
    return given if pa.types.is_string(kind) or pa.types.is_large_string(kind) else given.cast(pa.large_string())
