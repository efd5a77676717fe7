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
    """A group of settings: its values do not change, and a key that is none of it is refused.

    @public
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


class TextSettings(_Frozen):
    """Folding of text. Not a workspace's choice: built registries and trained models rest on it."""

    sure_han: int = Field(
        default=3, description="Han characters that are no chance: two that come out of another script's bytes may be"
    )
    umlaut_acronym: int = Field(default=5, description="longest word in capitals, in letters, whose 'ue' is no umlaut")
    number: int = Field(default=2, description="longest number, in digits, that may be written with a zero in front")
    terms: int = Field(
        default=2, description="different terms in a string (RBC, HDL) from which on none is an institution's acronym"
    )
    spelt_acronym: int = Field(default=8, description="longest acronym, in letters, that is compared with the words beside it")
    flagship: float = Field(
        default=0.3, description="prominence by which the campus exceeds all others that the name of its system alone may mean"
    )


TEXT = TextSettings()


class SearchSettings(_Frozen):
    """Search in a registry by a person. Not a workspace's choice: a registry is searched without one, too."""

    begins: float = Field(
        default=0.97, description="similarity of a name that begins with what is searched, as a share of an equal one"
    )
    most: float = Field(
        default=0.35, description="least share of the searched words, by how rare they are, that a name has which lacks some"
    )
    least: float = Field(default=55.0, description="least weighted ratio, 0 to 100, of a name that is similar at all")
    compared: int = Field(default=400, description="similar names that are compared closely")
    similar: float = Field(
        default=0.95, description="similarity of a name that lacks some of the words, as a share of an equal one"
    )


SEARCH = SearchSettings()


class FetchSettings(_Frozen):
    """Fetching of ROR."""

    record: str = Field(
        default="https://zenodo.org/api/records/6347574", description="Zenodo's record of all versions of the ROR dumps"
    )
    timeout: float = Field(default=30.0, gt=0, description="seconds without a byte after which a connection is given up")
    attempts: int = Field(default=4, ge=1, description="times that it is tried in one run")
    wait: float = Field(default=2.0, ge=0, description="seconds before the next attempt, times how often it failed")
    patience: float = Field(
        default=60.0, ge=0, description="seconds before the next attempt at most, whatever the server asks for"
    )


FETCH = FetchSettings()


class RetrieveSettings(_Frozen):
    """Candidate retrieval."""

    max_name_tokens: int = Field(default=24, description="longest name, in tokens, that the exact pass looks for")
    top_k: int = Field(default=8, description="names kept per segment by the word index")
    min_similarity: float = Field(default=0.25, description="least share of a segment's weight that a name must explain")
    max_candidates: int = Field(default=10, description="institutions kept per string")
    max_bearers: int = Field(
        default=200, ge=1, description="bearers of a name that are considered: best kind of name, best known first"
    )
    max_homonyms: int = Field(default=8, description="institutions kept per ambiguous name")
    min_correctable: int = Field(default=6, description="shortest unknown word, in characters, that is spell-corrected")
    longest_acronym: int = Field(default=7, description="longest word in capitals, in characters, that is not spell-corrected")
    max_broken: int = Field(default=9, description="longest unknown part, in characters, of a word that was broken in two")
    min_part: int = Field(default=6, description="shortest part, in characters, of a word that is taken for two glued ones")
    min_generic_part: int = Field(default=3, description="the same where a part is a generic word (university)")
    min_generic_misspelt: int = Field(
        default=9, description="shortest form of a generic word, in characters, that may be misspelt by one: universidade"
    )
    min_branch: int = Field(
        default=5, description="shortest word, in characters, that may misspell the name of a branch: Austn"
    )
    max_place_tokens: int = Field(default=6, description="longest name of a place, in tokens")
    noise_weight: float = Field(default=0.3, description="weight of numbers and words of addresses, as a share of their idf")
    max_string: int = Field(default=2000, description="characters of a part of a string that are read")
    max_cell: int = Field(default=50_000, description="characters of a string that are cut into parts")
    longest_place: int = Field(default=60, description="characters up to which a part may be nothing but a place")
    famous: int = Field(
        default=20, ge=1, description="mentions from which on a short name stands for its best known bearer alone"
    )
    dominant: float = Field(default=0.9, ge=0, le=1, description="share of the mentions of all bearers that this one needs")
    postcode_letters: int = Field(default=2, description="most letters beside the digits of a postcode")
    remembered_parts: int = Field(default=100_000, ge=0, description="parts of strings whose answers are kept for repeats")
    common_words: int = Field(default=60, ge=0, description="words of most names, which alone bring no name into a search")
    searched_at_once: int = Field(default=192, ge=1, description="sets of words searched at once")
    remembered: int = Field(default=20_000, ge=0, description="sets of words whose nearest names are kept for repeats")
    batch: int = Field(default=4096, description="strings matched at once")


class FeatureSettings(_Frozen):
    """How candidates are weighed against each other before the model sees them. Weights are idf, 0 to 1 a word."""

    exact_bonus: float = Field(default=0.5, description="share of a name's weight added where it stands word for word")
    kind_cost: float = Field(default=0.02, description="weight lost for each step from official name to variant")
    comma_cost: float = Field(default=0.15, description="weight lost for each comma inside the name as it stands in the string")
    place_bonus: float = Field(default=0.1, description="weight added where the string names the institution's country")
    fame_bonus: float = Field(default=0.1, description="weight added for the best known institution of the registry")
    claim: float = Field(default=0.6, description="least weight of a single word that claims its place in a segment")
    usage_prior: float = Field(
        default=2.0, gt=0, description="mentions added to each bearer's of a name, for those never counted"
    )
    small_words: int = Field(
        default=2, description="characters between two words above which small ones, which folding drops, stand between them"
    )
    away_usage: float = Field(
        default=0.1,
        gt=0,
        le=1,
        description="what mentions count for each step (city, region, country) that another bearer is nearer",
    )
    away_fame: float = Field(default=1.0, ge=0, description="prominence, in its logarithm, that each such step costs")
    content: float = Field(default=0.15, description="least weight of a segment that is more than a place")
    whole: float = Field(default=0.01, description="most weight beside a name that is the whole of its segment")
    lesser: float = Field(
        default=0.75, description="share of the weight found in one part of a string below which another part names it less"
    )
    telling: float = Field(
        default=0.3, description="weight above which a missing word of a name is told as evidence against it"
    )
    near: float = Field(
        default=0.4, ge=0, le=1, description="least share of a name's weight that is there for it to be told as the nearest"
    )


class DecideSettings(_Frozen):
    """From probabilities to decisions."""

    match: float = Field(default=0.87, ge=0, le=1, description="least calibrated probability of an automatic match")
    review: float = Field(default=0.45, ge=0, le=1, description="least probability that a person is shown")
    homonym: float = Field(
        default=0.35, ge=0, le=1, description="least probability of the likeliest of several bearers of a name"
    )
    displaces: float = Field(
        default=0.95, ge=0, le=1, description="probability from which on a child takes its parent's place, however sure that is"
    )
    identified: float = Field(default=0.9999, ge=0, le=1, description="probability of an institution whose id the string holds")
    small: int = Field(default=1000, ge=0, description="most candidates that are judged without importing scikit-learn")
    hopeless: float = Field(
        default=0.002, ge=0, le=1, description="probability by the first stage below which the second judges no candidate"
    )
    policy: Policy = Field(default="most-specific", description="what a string yields: most-specific, all, or one institution")


class StageSettings(_Frozen):
    """Boosting of one stage of the matcher."""

    iterations: int = Field(ge=1, description="trees")
    learning_rate: float = Field(default=0.1, description="share of each tree's correction that is taken")
    max_leaf_nodes: int = Field(ge=2, description="leaves of a tree")
    min_samples_leaf: int = Field(ge=1, description="least candidates in a leaf")
    l2: float = Field(default=1.0, description="L2 penalty of the values of leaves")


class TrainSettings(_Frozen):
    """Training of the matcher."""

    seed: int = Field(default=20261124, description="seed of all that is drawn")
    folds: int = Field(default=3, ge=2, description="parts of the strings, each predicted by a model of the others")
    synthetic: int = Field(default=24_000, description="strings made from registry names")
    decoys: int = Field(default=16_000, description="made-up institutions that crowd the training registry")
    withheld: float = Field(default=0.2, description="share of them that is named in strings, but not in the registry")
    composed_weight: float = Field(default=0.3, description="weight of a composed string")
    gold_weight: float = Field(default=2.0, description="weight of a labelled string of the project")
    external_weight: float = Field(default=1.0, description="weight of a labelled string of an external set")
    complete_weight: float = Field(default=3.0, description="weight of a string of an external set with complete labels")
    synthetic_external: int = Field(default=16_000, description="strings made from the names of the external registry")
    sure_unlabelled: float = Field(
        default=0.9, description="probability, by models of other folds, above which a missing label is taken for forgotten"
    )
    sure_labelled: float = Field(default=0.02, description="probability below which a label is taken for wrong")
    policies: dict[str, Policy] = Field(
        default={"crossref": "one", "springer": "one", "openalex": "all", "s2aff": "all"},
        description="what the labels of a source hold; of others: most-specific",
    )
    finalists: int = Field(default=8, ge=1, description="candidates of a string that the second stage judges")
    large: int = Field(default=15_000, ge=1, description="institutions from which on a registry has calibrations of its own")
    min_calibration: int = Field(default=500, ge=1, description="least labelled finalists for a policy's own calibration")
    first: StageSettings = Field(
        default=StageSettings(iterations=150, max_leaf_nodes=31, min_samples_leaf=40),
        description="trees that judge each candidate by itself",
    )
    second: StageSettings = Field(
        default=StageSettings(iterations=80, max_leaf_nodes=16, min_samples_leaf=60),
        description="trees that judge the best candidates of a string beside each other",
    )


class BatchSettings(_Frozen):
    """Matching of whole files."""

    rows: int = Field(default=8192, ge=1, description="rows read, matched and written at once")
    task: int = Field(default=4096, ge=1, description="strings that a worker process takes at a time")
    spark_task: int = Field(default=50_000, ge=1, description="rows for each task of a Spark cluster")
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
    seed: int = Field(default=20261124, description="seed of all that is drawn")
    folds: int = Field(default=5, ge=2, description="folds of a cross-validation")
    whole: int = Field(
        default=10_000, ge=0, description="institutions up to which a self-test gives all of a registry their names back"
    )
    drawn: int = Field(default=1000, ge=1, description="institutions that it draws of a larger one")
    paired: int = Field(default=40, ge=1, description="companies, and universities, that it names beside each other")
    known: int = Field(default=120, ge=1, description="best known companies, and universities, of which these are drawn")
    curve: tuple[float, ...] = Field(
        default=(0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99),
        description="thresholds of the curve of coverage against precision",
    )
    thresholds: tuple[float, ...] = Field(
        default=tuple(round(0.25 + 0.05 * i, 2) for i in range(10)), description="review thresholds that it tries"
    )


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
    stated_places: tuple[str, ...] = Field(
        default=("company",),
        description="kinds of institutions that count for the city, region and country that the string states, where it does",
    )
    successors: bool = Field(
        default=True,
        description="what names a closed institution counts for its successor from the year on in which this took over, where known, "
        "and for itself before; false: for the successor in all years",
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
    seed: int = Field(default=20261124, description="seed of all that is drawn")
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
    audit: int = Field(default=100, ge=0, description="sure matches, and as many strings without any, that people check")
    missed: float = Field(
        default=0.1, ge=0, le=1, description="share of strings without a match that name an institution, till audited"
    )
    prior: float = Field(default=20.0, gt=0, description="audited strings that this assumption weighs as much as")
    double: float = Field(default=0.1, ge=0, le=1, description="share of strings that a second person decides blindly")
    alike: float = Field(default=88.0, ge=0, le=100, description="least similarity of strings that may be decided together")
    alike_shown: int = Field(default=200, ge=1, description="most strings that are offered to be decided together")
    candidates: int = Field(default=8, ge=1, le=9, description="institutions offered for a string")
    least: float = Field(default=0.001, ge=0, le=1, description="least probability of an institution that is offered")
    few: int = Field(default=3, ge=0, description="institutions that are offered however improbable")
    papers: int = Field(default=5, ge=1, description="papers shown for a string")
    authors: int = Field(default=12, ge=1, description="authors of these papers that are shown")
    characters: int = Field(default=2000, ge=80, description="characters of a string that are shown")
    lease: float = Field(default=120.0, ge=0, description="seconds for which a string shown to one person is shown to no other")
    alias_words: int = Field(default=6, ge=1, description="most words of a string that is offered as a name of an institution")
    held_out: float = Field(default=0.2, gt=0, lt=1, description="share of the decided strings that a new model is tested on")
    seed: int = Field(default=20261124, description="seed of all that is drawn")


class DiscoverSettings(_Frozen):
    """Institutions that a registry lacks, or holds twice."""

    rare: float = Field(default=0.0005, gt=0, le=1, description="share of all strings up to which a word tells who is meant")
    few: int = Field(default=5, ge=1, description="number of strings that is rare enough in however small a workspace")
    letters: int = Field(
        default=6, ge=1, description="shortest single word that is taken for the known institution of that name"
    )
    capitals: int = Field(default=5, ge=0, description="longest word in capitals that is no name of an institution by itself")
    block: int = Field(default=60, ge=2, description="names up to which a word is shared by names that are compared")
    window: int = Field(default=5, ge=3, description="neighbours in alphabetical order that are compared; an odd number")
    link: float = Field(default=0.8, ge=0, le=1, description="least probability that two names mean one institution")
    near: float = Field(
        default=85.0, ge=0, le=100, description="least similarity to a known name that counts as its misspelling"
    )
    mentions: int = Field(default=2, ge=1, description="least mentions of a proposed institution")


class WebSettings(_Frozen):
    """Pages and answers over HTTP."""

    port: int = Field(default=8371, ge=0, le=65535, description="port to listen on; another where it is taken")
    body: int = Field(default=1_000_000, ge=1, description="bytes of a request that are read")
    fields: int = Field(default=2000, ge=1, description="fields of a form that are read")
    at_once: int = Field(default=64, ge=1, description="requests answered at the same time; more are turned away")
    idle: int = Field(default=5, ge=1, description="seconds after which an idle connection is closed")
    listed: int = Field(default=50, ge=1, description="rows of a list on one page")


class ReportSettings(_Frozen):
    """The report: a site and a bulletin."""

    title: str = Field(default="", description="what the site is called; empty: AI Research Rankings")
    years: int = Field(default=10, ge=1, description="years that the pages show first, up to the last that has papers")
    rows: int = Field(default=100, ge=1, description="rows of a leaderboard that are shown first")
    institutions: int = Field(default=500, ge=0, description="institutions that have a page of their own")
    listed: int = Field(default=12, ge=1, description="rows of a short list: venues, partners, strings, movers")
    compared: int = Field(default=200, ge=1, description="entities of most output among which movers are looked for")
    places_compared: int = Field(default=40, ge=1, description="the same of countries and of cities")
    mapped: int = Field(default=50, ge=1, description="cities listed below the map")
    leading: int = Field(default=30, ge=1, description="institutions listed as leaders of an area, and compared by profile")
    leading_countries: int = Field(default=20, ge=1, description="the same of countries")
    bulletin: int = Field(default=15, ge=1, description="rows of a table of the bulletin")


class ServeSettings(WebSettings):
    """The service `affil serve`, and what it grants a client."""

    port: int = Field(default=8372, ge=0, le=65535, description="port to listen on; another where it is taken")
    at_once: int = Field(default=256, ge=1, description="connections at the same time; more are turned away")
    origins: tuple[str, ...] = Field(
        default=(), description='sites besides this machine whose pages may reconcile, e.g. "https://refine.example"; "*": all'
    )
    names: tuple[str, ...] = Field(
        default=(),
        description='names by which a proxy on this machine calls it, e.g. "affil.example"; a token is demanded then',
    )
    strings: int = Field(default=1000, ge=1, description="strings of one request")
    characters: int = Field(default=10_000, ge=1, description="characters of one string")
    lines: int = Field(default=100, ge=1, description="strings pasted into the page")
    queries: int = Field(default=100, ge=1, description="reconciliation queries of one request")
    entities: int = Field(default=1000, ge=1, description="institutions of one request for data extension")
    candidates: int = Field(default=10, ge=1, description="institutions proposed for a string, unless the client says how many")
    most_candidates: int = Field(default=50, ge=1, description="the same at most")
    least: float = Field(default=0.001, ge=0, le=1, description="least probability of an institution that is proposed")
    page: int = Field(default=20, ge=1, description="organisations on a page of a search")
    found: int = Field(default=1000, ge=1, description="organisations that a search finds at most")
    seconds: float = Field(default=30.0, gt=0, description="time a request takes at most")
    per_minute: int = Field(default=600, ge=1, description="requests a minute of one client on another machine")
    batch: int = Field(default=512, ge=1, description="strings of several requests that are matched at once")
    short: int = Field(default=10, ge=1, description="strings of a request that goes before longer ones")
    share: int = Field(default=100, ge=1, description="strings that a longer request has in a batch while others wait")
    waiting: int = Field(default=50_000, ge=1, description="strings that wait to be matched; more are turned away")
    linger: float = Field(default=0.002, ge=0, description="seconds that a batch waits for more strings after another")
    drain: float = Field(
        default=1.0, ge=0, description="seconds in which, when it ends, requests on open connections are still answered"
    )


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
    discover: DiscoverSettings = DiscoverSettings()
    web: WebSettings = WebSettings()
    serve: ServeSettings = ServeSettings()
    rank: RankSettings = RankSettings()
    report: ReportSettings = ReportSettings()


Again = Literal["rebuild", "retrain", "reread", "rematch", "recount", "nothing"]

# What must be run again after a setting was changed: of each section, and of the settings that differ from their section.
AGAIN: dict[str, Again] = {
    "text": "rebuild",
    "search": "nothing",
    "fetch": "nothing",
    "retrieve": "retrain",
    **dict.fromkeys(
        ("retrieve.batch", "retrieve.searched_at_once", "retrieve.remembered", "retrieve.remembered_parts"), "nothing"
    ),
    "features": "retrain",
    **dict.fromkeys(("features.telling", "features.near"), "nothing"),
    "decide": "rematch",
    "decide.small": "nothing",
    "train": "retrain",
    "batch": "nothing",
    "read": "reread",
    "read.rows": "nothing",
    "evaluate": "nothing",
    "review": "nothing",
    "discover": "nothing",
    "web": "nothing",
    "serve": "nothing",
    "rank": "nothing",
    **dict.fromkeys(("rank.include_review", "rank.min_title", "rank.stated_places", "rank.successors"), "recount"),
    "report": "nothing",
}


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
        name = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":  # also what an older version wrote there
            raise InputError(path, f"there is no setting {name}", fix="delete its line") from error
        raise InputError(path, f"setting {name}: {first['msg']}") from error


def settings_toml(settings: Settings) -> str:
    """Write settings as TOML that `load_settings` reads back, each with its meaning as a comment."""
    lines = []
    for stage, chosen in settings:
        lines += [f"# {type(chosen).__doc__}", f"[{stage}]"]
        tables = []
        for key, value in chosen:
            meaning = type(chosen).model_fields[key].description
            comment = f"  # {meaning}" if meaning else ""
            if isinstance(value, BaseModel):
                value = value.model_dump()
            if isinstance(value, dict):
                tables += [f"\n[{stage}.{key}]{comment}", *(f"{json.dumps(k)} = {json.dumps(v)}" for k, v in value.items())]
            else:
                lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}{comment}")
        lines += [*tables, ""]
    return "\n".join(lines)
