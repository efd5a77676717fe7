from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier

from affil.data import resource
from affil.errors import InputError
from affil.match.calibrate import REGIMES
from affil.match.classifier import Estimators, Model
from affil.match.forest import Forest
from affil.match.modelfile import load_model, same_model, save_model


def fitted() -> Model:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 4))
    y = (x[:, 0] > 0).astype(int)
    forest = HistGradientBoostingClassifier(max_iter=30, random_state=1).fit(x, y)
    return Model.of(Estimators(forest, forest), rng.random((REGIMES, 3)), finalists=5, large=1000)


def test_equal_models_give_equal_bytes(tmp_path: Path) -> None:
    save_model(fitted(), {"rows": 1}, tmp_path / "a")
    save_model(fitted(), {"rows": 1}, tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_models_are_the_same_whatever_commit_their_cards_name(tmp_path: Path) -> None:
    model = fitted()
    save_model(model, {"rows": 1, "commit": "a"}, tmp_path / "a")
    save_model(model, {"rows": 1, "commit": "b"}, tmp_path / "b")
    save_model(model, {"rows": 2, "commit": "a"}, tmp_path / "rows")
    save_model(Model.of(model.estimators, model.curves * 0.5, 5, 1000), {"rows": 1, "commit": "a"}, tmp_path / "curves")
    assert same_model(tmp_path / "a", tmp_path / "b")
    assert not same_model(tmp_path / "a", tmp_path / "rows")
    assert not same_model(tmp_path / "a", tmp_path / "curves")


def test_a_loaded_model_predicts_the_same(tmp_path: Path) -> None:
    model = fitted()
    save_model(model, {"rows": 7}, tmp_path / "a")
    loaded, card, digest = load_model(tmp_path / "a")
    x = np.random.default_rng(1).normal(size=(50, 4))
    expected = model.estimators.first.predict_proba(x)
    assert np.array_equal(loaded.estimators.first.predict_proba(x), expected)
    assert np.array_equal(loaded.first.predict(x), expected[:, 1])  # to the last bit, in another order of work
    assert np.array_equal(loaded.first.predict_many(x), expected[:, 1])
    assert card["rows"] == 7
    assert (loaded.finalists, loaded.large) == (5, 1000)
    assert np.array_equal(loaded.curves, model.curves)
    assert len(digest) == 64


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"not a zip")
    with pytest.raises(InputError, match="not a model file"):
        load_model(tmp_path / "a")
    with pytest.raises(InputError, match="No such file"):
        load_model(tmp_path / "none")


def forest(**changed: Any) -> Forest:
    """Two trees, a node and two leaves each, with some arrays replaced."""
    arrays: dict[str, Any] = {
        "baseline": [0.0],
        "root": [0, 3],
        "feature": [1, 0, 0, 0, 0, 0],
        "threshold": [0.5, np.inf, np.inf, 0.1, np.inf, np.inf],
        "left": [1, 1, 2, 4, 4, 5],
        "right": [2, 1, 2, 5, 4, 5],
        "value": [0, 1.0, 2, 0, 3, 4],
    }
    return Forest(**{name: np.array(values) for name, values in (arrays | changed).items()})


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"left": [0, 1, 2, 4, 4, 5]}, "lead to none"),  # a node that is its own child on one side
        ({"left": [1, 0, 2, 4, 4, 5], "right": [2, 0, 2, 5, 4, 5]}, "lead to none"),  # a circle
        ({"left": [1, 1, 2, 1, 4, 5]}, "lead to none"),  # into another tree
        ({"left": [4, 1, 2, 4, 4, 5]}, "lead to none"),
        ({"right": [2, 1, 2, 6, 4, 5]}, "lead to none"),
        ({"right": [2, 1, 2, -1, 4, 5]}, "lead to none"),
        ({"root": [1, 3]}, "one behind the other"),
        ({"root": [0, 0]}, "one behind the other"),
        ({"root": [0, 7]}, "one behind the other"),
        ({"root": []}, "one behind the other"),
        ({"feature": [2, 0, 0, 0, 0, 0]}, "features"),
        ({"feature": [-1, 0, 0, 0, 0, 0]}, "features"),
        ({"threshold": [np.inf, np.inf, np.inf, 0.1, np.inf, np.inf]}, "finite"),
        ({"threshold": [np.nan, np.inf, np.inf, 0.1, np.inf, np.inf]}, "finite"),
        ({"value": [0, np.nan, 2, 0, 3, 4]}, "finite"),
        ({"baseline": [np.inf]}, "finite"),
        ({"baseline": [0.0, 1.0]}, "lengths"),
        ({"value": [0, 1.0]}, "lengths"),
    ],
)
def test_trees_have_the_shape_of_trees(changed: dict[str, Any], problem: str) -> None:
    forest().check(2)
    with pytest.raises(ValueError, match=problem):
        forest(**changed).check(2)


def test_a_model_with_a_circle_is_refused(tmp_path: Path) -> None:
    model = fitted()
    left = model.second.left.copy()
    left[model.second.left[0]] = 0
    odd = Model(model.first, replace(model.second, left=left), model.curves, 5, 1000, model.load)
    save_model(odd, {}, tmp_path / "odd.skops")
    with pytest.raises(InputError, match=r"odd\.skops: not a model file, or damaged; train it again"):
        load_model(tmp_path / "odd.skops")


def test_other_features_are_refused(tmp_path: Path) -> None:
    model = fitted()
    save_model(Model.of(model.estimators, model.curves, 5, 1000, ("x",)), {}, tmp_path / "a")
    with pytest.raises(InputError, match="other features"):
        load_model(tmp_path / "a")


def test_foreign_types_are_refused_before_they_are_built(tmp_path: Path) -> None:
    import io
    import zipfile

    save_model(fitted(), {}, tmp_path / "good")
    evil = zipfile.ZipFile(io.BytesIO(skops.io.dumps({"first": Path("x")})))
    with zipfile.ZipFile(tmp_path / "good") as good, zipfile.ZipFile(tmp_path / "evil", "w") as out:
        for name in evil.namelist():
            out.writestr(name, evil.read(name))
        out.writestr("card.json", good.read("card.json"))
    with pytest.raises(InputError, match="types that a model has no use for"):
        load_model(tmp_path / "evil")


def test_the_shipped_model_loads_and_has_a_card() -> None:
    _, card, _ = load_model(resource("models/matcher.skops"))
    assert card["rows"] > 0
    assert card["data"]
    assert card["versions"]["scikit-learn"]
