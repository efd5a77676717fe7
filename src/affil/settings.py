"""Every threshold and choice, in one place, validated; a workspace keeps its own copy in `settings.toml`."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from affil.errors import InputError

Policy = Literal["most-specific", "all", "one"]
RollUp = Literal["none", "parent", "top"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RetrieveSettings(_Frozen):
    """Candidate retrieval."""

    max_name_tokens: int = Field(default=24, description="longest name, in tokens, that the exact pass looks for")
    top_k: int = Field(default=14, description="names kept per segment by the word index")
    min_similarity: float = Field(default=0.25, description="least share of a segment's weight that a name must explain")
    max_candidates: int = Field(default=16, description="institutions kept per string")
    max_homonyms: int = Field(default=12, description="institutions kept per ambiguous name")
    min_correctable: int = Field(default=6, description="shortest unknown word, in characters, that is spell-corrected")
    longest_acronym: int = Field(default=7, description="longest word in capitals, in characters, that is not spell-corrected")
    min_part: int = Field(default=6, description="shortest part, in characters, of a word that is taken for two glued ones")
    min_generic_part: int = Field(default=3, description="the same where a part is a generic word (university)")
    max_place_tokens: int = Field(default=6, description="longest name of a place, in tokens")
    noise_weight: float = Field(default=0.3, description="weight of numbers and words of addresses, as a share of their idf")
    max_string: int = Field(default=2000, description="characters of a string that are read")
    batch: int = Field(default=4096, description="strings matched at once")


class FeatureSettings(_Frozen):
    """How candidates are weighed against each other before the model sees them. Weights are idf, 0 to 1 a word."""

    exact_bonus: float = Field(default=0.5, description="share of a name's weight added where it stands word for word")
    kind_cost: float = Field(default=0.02, description="weight lost for each step from official name to variant")
    comma_cost: float = Field(default=0.15, description="weight lost for each comma inside the name as it stands in the string")
    place_bonus: float = Field(default=0.1, description="weight added where the string names the institution's country")
    fame_bonus: float = Field(default=0.1, description="weight added for the best known institution of the registry")
    claim: float = Field(default=0.6, description="least weight of a single word that claims its place in a segment")
    content: float = Field(default=0.15, description="least weight of a segment that is more than a place")


class DecideSettings(_Frozen):
    """From probabilities to decisions."""

    match: float = Field(default=0.90, ge=0, le=1, description="least calibrated probability of an automatic match")
    review: float = Field(default=0.6, ge=0, le=1, description="least probability that a person is shown")
    homonym: float = Field(
        default=0.35, ge=0, le=1, description="least probability of the likeliest of several bearers of a name"
    )
    small: int = Field(default=1000, ge=0, description="most candidates that are judged without importing scikit-learn")
    policy: Policy = "most-specific"


class TrainSettings(_Frozen):
    """Training of the matcher."""

    seed: int = 20261124
    folds: int = Field(default=3, ge=2, description="parts of the strings, each predicted by a model of the others")
    synthetic: int = Field(default=36_000, description="strings made from registry names")
    decoys: int = Field(default=16_000, description="made-up institutions that crowd the training registry")
    withheld: float = Field(default=0.2, description="share of them that is named in strings, but not in the registry")
    gold_weight: float = Field(default=3.0, description="weight of a labelled string against a composed one")
    iterations: int = 120
    learning_rate: float = 0.12
    max_leaf_nodes: int = 24
    min_samples_leaf: int = 60
    l2: float = 1.0


class BatchSettings(_Frozen):
    """Matching of whole files."""

    rows: int = Field(default=8192, ge=1, description="rows read, matched and written at once")
    remembered: int = Field(default=100_000, ge=0, description="strings whose answers are kept for repeats further down")


class ReadSettings(_Frozen):
    """Reading of papers."""

    by_paper: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="share of a file's records with another number of affiliations than of authors, above which none is aligned",
    )
    not_accepted: tuple[str, ...] = Field(
        default=("reject", "withdraw", "desk", "active"), description="how the status of a paper begins that was not accepted"
    )
    rows: int = Field(default=65_536, ge=1, description="rows of a table held at once")


class EvaluateSettings(_Frozen):
    """Scoring against labelled strings."""

    resamples: int = Field(default=2000, ge=1, description="bootstrap samples of the strings")
    confidence: float = Field(default=0.95, gt=0, lt=1, description="level of the intervals")
    bins: int = Field(default=10, ge=1, description="bins of equal mass of the calibration error")
    seed: int = 20261124


class RankSettings(_Frozen):
    """Counting."""

    offset: float = Field(default=1.0, ge=0, description="added to an area's adjusted publications before the geometric mean")
    area_weights: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict, description="weight of an area in the geometric mean, where it is not 1, e.g. robotics = 0.5"
    )
    include_review: bool = Field(default=False, description="count matches that still wait for a person")
    roll_up: RollUp = Field(default="none", description="count institutions as themselves, as their parents, or as the topmost")
    not_parents: tuple[str, ...] = Field(
        default=(), description="ids that nobody is rolled up to, e.g. a system of universities"
    )
    country_groups: dict[str, str] = Field(default_factory=dict, description="ISO code counted as another, e.g. HK = CN")
    region_groups: dict[str, str] = Field(
        default_factory=dict, description="ISO code of a region or country counted as another, or under a name of your own"
    )
    min_title: int = Field(default=20, ge=1, description="shortest folded title, in characters, by which repeats are found")
    resamples: int = Field(
        default=200, ge=0, description="resamples of the doubtful matches for rank intervals; 0: no intervals"
    )
    confidence: float = Field(default=0.95, gt=0, lt=1, description="level of the rank intervals")
    seed: int = 20261124
    memory: str = Field(
        default="1.5GB",
        pattern=r"^\d+(\.\d+)? ?[KMGT]i?B$",
        description="memory of the database that counts, before it uses the disk",
    )
    kept_states: int = Field(default=30, ge=2, description="states of the counts that are kept for diff, besides snapshots")


class ReviewSettings(_Frozen):
    """Human decisions."""

    ledger: str = Field(default="", description="SQLAlchemy URL of a team's ledger; empty: the workspace's own file")
    wait: float = Field(default=10.0, ge=0, description="seconds to wait for another writer of the ledger")


class Settings(_Frozen):
    """All settings."""

    retrieve: RetrieveSettings = RetrieveSettings()
    features: FeatureSettings = FeatureSettings()
    decide: DecideSettings = DecideSettings()
    train: TrainSettings = TrainSettings()
    batch: BatchSettings = BatchSettings()
    read: ReadSettings = ReadSettings()
    evaluate: EvaluateSettings = EvaluateSettings()
    review: ReviewSettings = ReviewSettings()
    rank: RankSettings = RankSettings()


def load_settings(path: Path | None) -> Settings:
    """Read settings from a TOML file; defaults where `path` is None or does not exist.

    Raises:
        InputError: the file is not TOML, or a key or value is unknown.
    """
    if path is None or not path.exists():
        return Settings()
    try:
        return Settings.model_validate(tomllib.loads(path.read_text("utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise InputError(path, f"not valid TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(path, f"setting {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def settings_toml(settings: Settings) -> str:
    """Write settings as TOML that `load_settings` reads back, each with its meaning as a comment."""
    lines = []
    for stage, chosen in settings:
        lines += [f"# {type(chosen).__doc__}", f"[{stage}]"]
        tables = []
        for key, value in chosen:
            meaning = type(chosen).model_fields[key].description
            comment = f"  # {meaning}" if meaning else ""
            if isinstance(value, dict):
                tables += [f"\n[{stage}.{key}]{comment}", *(f"{json.dumps(k)} = {json.dumps(v)}" for k, v in value.items())]
            else:
                lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}{comment}")
        lines += [*tables, ""]
    return "\n".join(lines)
