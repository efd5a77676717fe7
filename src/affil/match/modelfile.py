"""Model files: skops, which runs no code on loading, made byte-reproducible, with the model card inside."""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import re
import struct
import zipfile
import zlib
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from affil.errors import InputError
from affil.io.outputs import atomic_path
from affil.match.calibrate import REGIMES
from affil.match.classifier import COMPARED, RIVALS, Estimators, Model
from affil.match.features.table import NAMES
from affil.match.forest import Forest
from affil.wording import said

# Types allowed in a model file; any other is rejected before loading.
TYPES = frozenset(
    {
        "builtins.dict",
        "builtins.list",
        "builtins.str",
        "builtins.tuple",
        "numpy.dtype",
        "numpy.float64",
        "numpy.ndarray",
        "numpy.random._generator.Generator",
        "numpy.uint64",
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.preprocessing._label.LabelEncoder",
    }
)
LIBRARIES = ("scikit-learn", "numpy", "skops")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_PARTS = ("first", "second")
# What reading a damaged archive raises; each entry has a checksum, but what the archive says of its entries has none.
_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, ArithmeticError, AttributeError, EOFError, LookupError,
           MemoryError, OSError, RuntimeError, TypeError, ValueError)  # fmt: skip
_CARD, _SCHEMA, _TREES = "card.json", "schema.json", "trees.npz"


def save_model(model: Model, card: dict[str, Any], path: Path) -> None:
    """Write a model and its card; equal models give equal bytes.

    Skops names entries by memory address and adds timestamps; both are normalised. The file also holds the trees and
    calibration as plain arrays.
    """
    import skops.io

    parts = {name: getattr(model.estimators, name) for name in _PARTS}
    source = zipfile.ZipFile(io.BytesIO(skops.io.dumps(parts)))
    schema = source.read(_SCHEMA).decode()
    order: dict[str, str] = {}
    number = re.compile(r"(?<=\"__id__\": )\d+|(?<=\"file\": \")[^\"]+(?=\")")
    fixed = number.sub(
        lambda m: order.setdefault(m[0].removesuffix(".npy"), str(len(order))) + (".npy" if m[0].endswith(".npy") else ""),
        schema,
    )
    files = {_SCHEMA: fixed.encode()}
    for name in source.namelist():
        if name != _SCHEMA:
            files[order[name.removesuffix(".npy")] + ".npy"] = source.read(name)
    full = {**card, "features": list(model.features), "versions": {x: version(x) for x in LIBRARIES}}
    files[_TREES] = _pack(model)
    files[_CARD] = json.dumps(full, indent=1, sort_keys=True, ensure_ascii=False).encode()
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as out:
        for name in sorted(files):
            out.writestr(zipfile.ZipInfo(name, _EPOCH), files[name], zipfile.ZIP_DEFLATED, 9)


def load_model(path: Path) -> tuple[Model, dict[str, Any], str]:
    """Read a model, its card and its SHA-256.

    Raises:
        InputError: the file is not a model, damaged, of another version, or holds other types than `TYPES`.
    """
    retrain = said("train it again with: affil train -o FILE")
    try:
        data = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            card = json.loads(archive.read(_CARD))
            unknown = sorted(_types(json.loads(archive.read(_SCHEMA))) - TYPES)
            if unknown:
                raise InputError(
                    path,
                    said("holds types that a model has no use for ({0})", ", ".join(unknown[:3])),
                    fix=said("do not use it"),
                )
            if tuple(card["features"]) != NAMES:
                raise InputError(path, said("trained by a version with other features"), fix=retrain)
            found, here = card["versions"]["scikit-learn"], version("scikit-learn")
            if found.split(".")[:2] != here.split(".")[:2]:
                raise InputError(path, said("trained with scikit-learn {0}, here is {1}", found, here), fix=retrain)
            parts = _unpack(archive.read(_TREES))
    except OSError as error:
        raise InputError(path, error.strerror or str(error), fix=retrain) from error
    except _BROKEN as error:
        raise InputError(path, said("not a model file, or damaged"), fix=retrain) from error

    def load() -> Estimators:
        import skops.io

        try:
            stored = skops.io.loads(data, trusted=sorted(set(skops.io.get_untrusted_types(data=data)) & TYPES))
            return Estimators(*(stored[name] for name in _PARTS))
        except _BROKEN as error:
            raise InputError(path, said("its estimators are damaged"), fix=retrain) from error

    return Model(*parts, load), card, hashlib.sha256(data).hexdigest()


def same_model(first: Path, second: Path) -> bool:
    """Whether two model files are identical except for the commit in their cards: moving code does not change a model."""
    with zipfile.ZipFile(first) as one, zipfile.ZipFile(second) as other:
        if one.namelist() != other.namelist():
            return False
        cards = [json.loads(archive.read(_CARD)) | {"commit": ""} for archive in (one, other)]
        return cards[0] == cards[1] and all(one.read(n) == other.read(n) for n in one.namelist() if n != _CARD)


def _types(schema: Any) -> set[str]:
    """The names of all types in a skops schema."""
    if isinstance(schema, list):
        return set().union(*map(_types, schema))
    if not isinstance(schema, dict):
        return set()
    own = {f"{schema['__module__']}.{schema['__class__']}"} if "__class__" in schema else set()
    return own.union(*map(_types, schema.values()))


def _pack(model: Model) -> bytes:
    arrays = {f"{stage}_{f.name}": getattr(getattr(model, stage), f.name) for stage in _PARTS for f in fields(Forest)}
    arrays["numbers"] = np.array([model.finalists, model.large])
    arrays["curves"] = model.curves
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(arrays):
            array = io.BytesIO()
            np.lib.format.write_array(array, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), array.getvalue())
    return out.getvalue()


def _unpack(data: bytes) -> tuple[Forest, Forest, Any, int, int]:
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        first, second = (Forest(*(arrays[f"{stage}_{f.name}"] for f in fields(Forest))) for stage in _PARTS)
        first.check(len(NAMES))
        second.check(len(NAMES) + len(RIVALS) + len(COMPARED))
        curves = arrays["curves"]
        finalists, large = map(int, arrays["numbers"])
        if curves.shape != (REGIMES, 3) or not np.isfinite(curves).all() or finalists < 1 or large < 1:
            raise ValueError("curves or numbers that are none")
        return first, second, curves, finalists, large
