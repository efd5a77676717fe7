"""Results as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from affil.errors import AffilError
from affil.rank import Diff, Ranking, Trend, Why

if TYPE_CHECKING:
    import pandas as pd


def save_table(result: Ranking | Trend | Why | Diff, path: Path, *, shown: Path | None = None) -> None:
    """Write a result as CSV (the table), JSON (everything) or Parquet (the table, the rest in its metadata), by the extension.

    Raises:
        AffilError: another extension, or the file cannot be written.
    """
    shown, frame = shown or path, main_table(result)
    try:
        if shown.suffix == ".csv":
            frame.to_csv(path, index=False)
        elif shown.suffix == ".json":
            path.write_text(json.dumps(result.to_dict(), ensure_ascii=False, indent=2) + "\n", "utf-8")
        elif shown.suffix == ".parquet":
            about = json.dumps(about_result(result), ensure_ascii=False, default=str)
            table = pa.Table.from_pandas(frame.rename(columns=str), preserve_index=False)
            pq.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), "affil": about}), path)
        else:
            raise AffilError(f"{shown}: is written as .csv, .json or .parquet, not {shown.suffix or 'without extension'}")
    except OSError as error:
        raise AffilError(f"{shown}: cannot be written: {error.strerror or error}") from error


def main_table(result: Ranking | Trend | Why | Diff) -> pd.DataFrame:
    """The table of a result."""
    return result.papers if isinstance(result, Why) else result.moves if isinstance(result, Diff) else result.frame


def about_result(result: Ranking | Trend | Why | Diff) -> dict[str, Any]:
    """All but the tables of a result, as plain JSON values."""
    tables = ("ranking", "trend", "ranks", "papers", "waiting", "moves", "causes")
    return {name: value for name, value in result.to_dict().items() if name not in tables}
