"""Matching where tables are: frames of pandas and Polars, and SQL of DuckDB.

    import affil.frames                                    # gives frames the accessor `affil`

    frame.affil.match("affiliation")                       # pandas or Polars
    affil.register_duckdb(connection)                      # then: SELECT affil_match(affiliation) FROM papers

Polars is needed by nothing else, and its frames have the accessor where it is installed.
"""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

import duckdb
import pandas as pd
import pyarrow as pa

from affil.errors import AffilError
from affil.io.table import affiliation_column
from affil.match import COLUMNS, Matcher, output_columns
from affil.wording import said

if TYPE_CHECKING:
    import polars

_NUMBERS = {"lat", "lon", "probability"}
_SQL = {c: "DOUBLE" if c in _NUMBERS else "VARCHAR[]" if c == "evidence" else "VARCHAR" for c in COLUMNS}
_ARROW = {"DOUBLE": pa.float64(), "VARCHAR": pa.string(), "VARCHAR[]": pa.list_(pa.string())}
_FOUND = pa.list_(pa.struct([(c, _ARROW[kind]) for c, kind in _SQL.items()]))


@cache
def shipped() -> Matcher:
    """The matcher with the shipped registry and model, loaded once."""
    return Matcher.load()


@pd.api.extensions.register_dataframe_accessor("affil")
class PandasFrame:
    """The accessor `affil` of pandas' frames."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def match(self, column: Hashable | None = None, *, matcher: Matcher | None = None) -> pd.DataFrame:
        """Match a column of strings (see `Matcher.match_frame`).

        Args:
            column: its heading; default: the one that is meant.
            matcher: default: the shipped registry and model.

        Raises:
            InputError: the frame has no such column, or two.
        """
        return (matcher or shipped()).match_frame(self._frame, column)


class PolarsFrame:
    """The namespace `affil` of Polars' frames."""

    def __init__(self, frame: polars.DataFrame) -> None:
        self._frame = frame

    def match(self, column: str | None = None, *, matcher: Matcher | None = None) -> polars.DataFrame:
        """Match a column of strings; as `Matcher.match_frame` does, with null for what is missing.

        Args:
            column: its heading; default: the one that is meant.
            matcher: default: the shipped registry and model.

        Raises:
            InputError: the frame has no such column.
        """
        import polars

        names = self._frame.columns
        chosen = affiliation_column("the frame", names, column)
        cells = pd.DataFrame({chosen: self._frame[chosen].to_list()})
        found = (matcher or shipped()).match_frame(cells, chosen)
        new = found.iloc[:, 1:].set_axis([*output_columns(names).values()], axis=1)
        kinds = {
            new_name: polars.Float64 if name in _NUMBERS else polars.String for name, new_name in output_columns(names).items()
        }
        return self._frame[found.index.tolist()].hstack(polars.from_pandas(new, schema_overrides=kinds))


if find_spec("polars"):
    import polars

    polars.api.register_dataframe_namespace("affil")(PolarsFrame)


def register_duckdb(
    connection: duckdb.DuckDBPyConnection, *, name: str = "affil_match", matcher: Matcher | None = None
) -> None:
    """Give a connection the SQL function `affil_match(affiliation)`: the institutions found, as a list of structs.

    The fields are the columns of `Matcher.match_frame`, `evidence` a list; the list is empty where none is found, null of null. What
    DuckDB reads goes to the matcher in batches, as Arrow.

    Args:
        connection: an open connection.
        name: the name of the function; one of that name is replaced.
        matcher: default: the shipped registry and model; one with a ledger answers what people decided.

    Raises:
        AffilError: it is no connection. duckdb.Error: it is closed.
    """
    if not isinstance(connection, duckdb.DuckDBPyConnection):
        raise AffilError(said("register_duckdb takes a connection (duckdb.connect(FILE)), not {0!r}", connection))
    used = matcher or shipped()

    def found(strings: pa.ChunkedArray) -> pa.Array:
        results = used.match_many(strings.to_pylist())
        return pa.array([result.to_dict()["matches"] for result in results], _FOUND)

    with suppress(duckdb.InvalidInputException):  # there is none of that name
        connection.remove_function(name)
    fields = ", ".join(f"{c} {kind}" for c, kind in _SQL.items())
    # a word, where the types of DuckDB want a member of an enumeration that its public modules do not have
    connection.create_function(name, found, ["VARCHAR"], f"STRUCT({fields})[]", type="arrow")  # type: ignore[call-overload]
