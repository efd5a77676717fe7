"""A trained model on disk: skops, which runs no code on loading, made byte for byte repeatable, with its card inside."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tempfile
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import skops.io

from affil.errors import AffilError, InputError
from affil.match.features import NAMES
from affil.match.model import Model

# Everything that a model may hold beyond what skops itself trusts; any other type is refused.
TRUSTED = ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",)
LIBRARIES = ("scikit-learn", "numpy", "skops")
_CARD = "card.json"


def save_model(model: Model, card: dict[str, Any], path: Path) -> None:
    """Write a model and its card; equal models give equal bytes.

    skops names parts by memory addresses and stamps the time; both are replaced by their order.
    """
    parts = {"first": model.first, "second": model.second, "calibrator": model.calibrator}
    source = zipfile.ZipFile(io.BytesIO(skops.io.dumps(parts)))
    schema = source.read("schema.json").decode()
    order: dict[str, str] = {}
    number = re.compile(r"(?<=\"__id__\": )\d+|(?<=\"file\": \")[^\"]+(?=\")")
    fixed = number.sub(
        lambda m: order.setdefault(m[0].removesuffix(".npy"), str(len(order))) + (".npy" if m[0].endswith(".npy") else ""),
        schema,
    )
    files = {"schema.json": fixed.encode()}
    for name in source.namelist():
        if name != "schema.json":
            files[order[name.removesuffix(".npy")] + ".npy"] = source.read(name)
    full = {**card, "features": list(model.features), "versions": {x: version(x) for x in LIBRARIES}}
    files[_CARD] = json.dumps(full, indent=1, sort_keys=True, ensure_ascii=False).encode()
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise AffilError(f"{path}: cannot be written ({error.strerror}); choose another place with -o") from error
    try:
        with os.fdopen(handle, "wb") as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as out:
            for name in sorted(files):
                out.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), files[name], zipfile.ZIP_DEFLATED, 9)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def load_model(path: Path) -> tuple[Model, dict[str, Any], str]:
    """Read a model, its card and its SHA-256.

    Raises:
        InputError: not a model file, damaged, of another version, or holding types that are not on the short list.
    """
    retrain = "train it again with: affil train -o FILE"
    try:
        data = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            card = json.loads(archive.read(_CARD))
        unknown = sorted(set(skops.io.get_untrusted_types(data=data)) - set(TRUSTED))
        if unknown:
            raise InputError(
                path, f"holds types that a model has no use for ({', '.join(unknown[:3])})", fix="do not use this file"
            )
        parts = skops.io.loads(data, trusted=list(TRUSTED))
    except OSError as error:
        raise InputError(path, error.strerror or str(error), fix=retrain) from error
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise InputError(path, "not a model file, or damaged", fix=retrain) from error
    if tuple(card["features"]) != NAMES:
        raise InputError(path, "trained by a version with other features", fix=retrain)
    if card["versions"]["scikit-learn"].split(".")[:2] != version("scikit-learn").split(".")[:2]:
        found, here = card["versions"]["scikit-learn"], version("scikit-learn")
        raise InputError(path, f"trained with scikit-learn {found}, here is {here}", fix=retrain)
    return Model(parts["first"], parts["second"], parts["calibrator"]), card, hashlib.sha256(data).hexdigest()
