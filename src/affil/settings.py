"""All thresholds and choices in one place, validated; a workspace has its own copy in `settings.toml`."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic.fields import FieldInfo

from affil.errors import AffilError, InputError
from affil.wording import Said, joined, marked, message_of, said

Policy = Literal["most-specific", "all", "one"]
Engine = Literal["local", "spark"]
RollUp = Literal["none", "parent", "top", "labs"]


class _Frozen(BaseModel):
    """A group of settings: immutable; unknown keys and values are rejected.

    @public
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _names_are_known(cls, given: Any) -> Any:
        """Refuse a name that is none, with those that may be meant.

        Raises:
            AffilError: so that it is one line, not several of pydantic's.
        """
        for name in given if isinstance(given, dict) else ():
            if name not in cls.model_fields:
                raise _unknown(_section(cls), str(name), cls)
        return given

    @model_validator(mode="wrap")
    @classmethod
    def _values_can_be(cls, given: Any, check: ModelWrapValidatorHandler[Self]) -> Self:
        """Refuse a value that cannot be, with those that can.

        Raises:
            AffilError: so that it is one line, not several of pydantic's.
        """
        try:
            return check(given)
        except ValidationError as error:
            fault = error.errors()[0]
            if cls is not Settings and (not fault["loc"] or not _section(cls)):
                raise  # the group around it knows its name
            raise _wrong(_section(cls), cls, fault) from None


class TextSettings(_Frozen):
    """Text normalisation. Fixed for all workspaces: built registries and trained models depend on it."""

    sure_han: int = Field(
        default=3,
        description="number of Han characters from which decoded text is trusted; one or two may be misread bytes of another script",
    )
    umlaut_acronym: int = Field(
        default=5, description="longest all-capitals word, in letters, in which 'ue' is not read as an umlaut"
    )
    number: int = Field(default=2, description="longest number, in digits, that may be written with a leading zero")
    terms: int = Field(
        default=2,
        description="number of different technical terms in a string (RBC, HDL) from which none is read as an acronym",
    )
    spelt_acronym: int = Field(default=8, description="longest acronym, in letters, that is compared with the words next to it")
    flagship: float = Field(
        default=0.3, description="lead in prominence a campus needs for the name of its university system alone to mean it"
    )


TEXT = TextSettings()


class SearchSettings(_Frozen):
    """Registry search by a person. Fixed for all workspaces: a registry can also be searched without one."""

    begins: float = Field(default=0.97, description="score of a name that starts with the query, relative to an exact match")
    most: float = Field(
        default=0.35, description="minimum share of the query's idf weight that a partly matching name must contain"
    )
    least: float = Field(default=55.0, description="minimum weighted similarity of a name, 0 to 100")
    compared: int = Field(default=400, description="number of similar names that are compared in detail")
    similar: float = Field(
        default=0.95, description="score of a name that lacks some of the query's words, relative to an exact match"
    )
    near: float = Field(
        default=0.65,
        description="minimum similarity of a name to a mistyped area, venue, level, measure or place to be suggested",
    )
    bearers: int = Field(default=50, ge=1, description="institutions looked at that have a name which is written as an answer")
    listed: int = Field(default=8, ge=1, description="of them, how many a message lists")
    suggested: int = Field(default=3, ge=0, description="institutions suggested for a name that none has")


SEARCH = SearchSettings()


class FetchSettings(_Frozen):
    """Fetching from services: ROR's dumps, and papers."""

    record: str = Field(
        default="https://zenodo.org/api/records/6347574", description="Zenodo record with all versions of the ROR dump"
    )
    timeout: float = Field(default=30.0, gt=0, description="seconds without data after which a connection is dropped")
    attempts: int = Field(default=4, ge=1, description="number of attempts per run")
    wait: float = Field(default=2.0, ge=0, description="seconds before a retry, multiplied by the number of failures so far")
    patience: float = Field(default=60.0, ge=0, description="maximum seconds before a retry, even if the server asks for more")
    per_second: float = Field(default=10.0, gt=0, description="most requests per second to OpenAlex")
    page: int = Field(default=100, ge=1, le=100, description="works per call of OpenAlex")
    alternatives: int = Field(default=50, ge=1, le=100, description="most sources in one filter of OpenAlex")
    openalex_cost: float = Field(default=0.0001, ge=0, description="US$ that OpenAlex counts for a call that lists")
    openalex: str = Field(default="https://api.openalex.org", description="address of OpenAlex")
    crossref: str = Field(default="https://api.crossref.org", description="address of Crossref")
    crossref_page: int = Field(default=500, ge=1, le=1000, description="works per call of Crossref")
    dblp: str = Field(default="https://dblp.org", description="address of dblp")
    dblp_page: int = Field(default=1000, ge=1, le=1000, description="records per call of dblp")
    openreview: str = Field(default="https://api2.openreview.net", description="address of OpenReview")
    openreview_page: int = Field(default=1000, ge=1, le=1000, description="notes per call of OpenReview")
    openreview_profiles: int = Field(default=50, ge=1, description="profiles per call of OpenReview")
    gap: float = Field(default=1.0, ge=0, description="seconds between requests to Crossref, dblp and OpenReview")


FETCH = FetchSettings()


class InputSettings(_Frozen):
    """Limits of what is read, so that no file fills the memory or the disk."""

    line: int = Field(default=100_000_000, ge=1, description="longest line of a text file, in bytes")
    whole: int = Field(
        default=1_000_000_000,
        ge=1,
        description="most bytes, unpacked, of a file that is held in memory as a whole (a workbook)",
    )
    piped: int = Field(
        default=100_000_000_000, ge=1, description="most bytes of what can be read only once: a pipe, standard input"
    )
    patience: float = Field(default=10.0, ge=0, description="seconds to wait for somebody to write to a named pipe")
    ended: float = Field(
        default=10.0,
        ge=0,
        description="seconds to wait until the system tells how a worker process ended whose pipe has closed",
    )


INPUT = InputSettings()


class RetrieveSettings(_Frozen):
    """Candidate retrieval."""

    max_name_tokens: int = Field(default=24, description="longest name, in tokens, that exact search looks for")
    top_k: int = Field(default=8, description="number of names kept per segment by the word index")
    min_similarity: float = Field(default=0.25, description="minimum share of a segment's idf weight that a name must cover")
    max_candidates: int = Field(default=10, description="maximum number of candidates per string")
    max_bearers: int = Field(
        default=200,
        ge=1,
        description="maximum number of homonyms considered per name: best kind of name, then best known, first",
    )
    max_homonyms: int = Field(default=8, description="maximum number of candidates per ambiguous name")
    min_correctable: int = Field(default=6, description="shortest unknown word, in characters, that is spell-corrected")
    longest_acronym: int = Field(default=7, description="longest all-capitals word, in characters, that is not spell-corrected")
    max_broken: int = Field(default=9, description="longest unknown part, in characters, of a word that was broken in two")
    min_part: int = Field(default=6, description="shortest part, in characters, of a word that is split into two")
    min_generic_part: int = Field(default=3, description="the same where one part is a generic word (university)")
    min_generic_misspelt: int = Field(
        default=9, description="shortest generic word, in characters, that is spell-corrected (universidade)"
    )
    min_branch: int = Field(default=5, description="shortest word, in characters, that may be a misspelt branch name (Austn)")
    max_place_tokens: int = Field(default=6, description="longest place name, in tokens")
    noise_weight: float = Field(default=0.3, description="weight of numbers and address words, as a share of their idf")
    max_string: int = Field(default=2000, description="maximum number of characters read of each part of a string")
    max_cell: int = Field(default=50_000, description="maximum number of characters of a string that are split into parts")
    longest_place: int = Field(default=60, description="longest part, in characters, that may be only a place")
    famous: int = Field(
        default=20,
        ge=1,
        description="number of mentions from which a short name may stand for its best known institution alone",
    )
    dominant: float = Field(
        default=0.9, ge=0, le=1, description="share of all mentions of the name that this institution needs for it"
    )
    postcode_letters: int = Field(default=2, description="maximum number of letters in a postcode")
    remembered_parts: int = Field(default=100_000, ge=0, description="size of the cache of answers, in parts of strings")
    common_words: int = Field(
        default=60, ge=0, description="number of stop words: the words found in most names, which alone retrieve no candidates"
    )
    searched_at_once: int = Field(default=192, ge=1, description="number of word sets searched at once")
    remembered: int = Field(default=20_000, ge=0, description="size of the cache of nearest names, in word sets")
    batch: int = Field(default=4096, description="number of strings matched at once")


class FeatureSettings(_Frozen):
    """Comparison of candidates before the model scores them. Weights are idf weights, 0 to 1 per word."""

    exact_bonus: float = Field(default=0.5, description="bonus for an exact match, as a share of the name's weight")
    kind_cost: float = Field(default=0.02, description="penalty for each step from official name to variant")
    comma_cost: float = Field(default=0.15, description="penalty for each comma inside the name as found in the string")
    place_bonus: float = Field(default=0.1, description="bonus if the string names the institution's country")
    fame_bonus: float = Field(default=0.1, description="bonus for the best known institution in the registry")
    claim: float = Field(default=0.6, description="minimum weight of a single word that claims its span of a segment")
    usage_prior: float = Field(
        default=2.0, gt=0, description="mentions added to each homonym's count, so that one never counted is not excluded"
    )
    small_words: int = Field(
        default=2,
        description="gap between two words, in characters, above which words dropped by folding are assumed between them",
    )
    away_usage: float = Field(
        default=0.1,
        gt=0,
        le=1,
        description="factor on a homonym's mentions for each step (city, region, country) by which another is closer",
    )
    away_fame: float = Field(default=1.0, ge=0, description="reduction of log prominence for each such step")
    content: float = Field(default=0.15, description="minimum weight of a segment that is more than a place")
    whole: float = Field(default=0.01, description="maximum weight left over in a segment that a name covers completely")
    lesser: float = Field(
        default=0.75,
        description="share of the weight found in one part of a string below which another part counts as a weaker mention",
    )
    telling: float = Field(
        default=0.3, description="weight above which a missing word of a name is reported as evidence against it"
    )
    near: float = Field(
        default=0.4,
        ge=0,
        le=1,
        description="minimum share of a name's weight that must be present for it to be reported as nearest",
    )


class DecideSettings(_Frozen):
    """From probabilities to decisions."""

    match: float = Field(default=0.87, ge=0, le=1, description="minimum calibrated probability of an automatic match")
    review: float = Field(default=0.45, ge=0, le=1, description="minimum probability for review")
    homonym: float = Field(default=0.35, ge=0, le=1, description="minimum probability of the likeliest of several homonyms")
    displaces: float = Field(
        default=0.95,
        ge=0,
        le=1,
        description="probability from which a child replaces its parent, whatever the parent's probability",
    )
    identified: float = Field(default=0.9999, ge=0, le=1, description="probability of an institution whose id is in the string")
    small: int = Field(default=1000, ge=0, description="largest number of candidates scored without importing scikit-learn")
    hopeless: float = Field(
        default=0.002, ge=0, le=1, description="first-stage probability below which a candidate skips the second stage"
    )
    policy: Policy = Field(
        default="most-specific", description="which institutions to return for a string: most-specific, all or one"
    )


class StageSettings(_Frozen):
    """Gradient boosting of one stage of the matcher."""

    iterations: int = Field(ge=1, description="number of trees")
    learning_rate: float = Field(default=0.1, description="learning rate")
    max_leaf_nodes: int = Field(ge=2, description="maximum number of leaves per tree")
    min_samples_leaf: int = Field(ge=1, description="minimum number of candidates per leaf")
    l2: float = Field(default=1.0, description="L2 regularisation of leaf values")


class TrainSettings(_Frozen):
    """Training of the matcher."""

    seed: int = Field(default=20261124, description="random seed")
    folds: int = Field(default=3, ge=2, description="number of folds for out-of-fold predictions")
    synthetic: int = Field(default=24_000, description="number of strings synthesized from registry names")
    decoys: int = Field(default=16_000, description="number of made-up institutions added to the training registry")
    withheld: float = Field(
        default=0.2, description="share of the decoys that appear in strings but are left out of the registry"
    )
    composed_weight: float = Field(default=0.3, description="sample weight of a synthesized string")
    gold_weight: float = Field(default=2.0, description="sample weight of one of the project's labelled strings")
    external_weight: float = Field(default=1.0, description="sample weight of a labelled string from an external set")
    complete_weight: float = Field(
        default=3.0, description="sample weight of a string from an external set with complete labels"
    )
    synthetic_external: int = Field(
        default=16_000, description="number of strings synthesized from names in the external registry"
    )
    sure_unlabelled: float = Field(
        default=0.9, description="out-of-fold probability above which a missing label is taken as an omission"
    )
    sure_labelled: float = Field(default=0.02, description="out-of-fold probability below which a label is taken as wrong")
    policies: dict[str, Policy] = Field(
        default={"crossref": "one", "springer": "one", "openalex": "all", "s2aff": "all"},
        description="policy that a source's labels follow; any other source: most-specific",
    )
    finalists: int = Field(default=8, ge=1, description="number of candidates per string scored by the second stage")
    large: int = Field(
        default=15_000, ge=1, description="number of institutions from which a registry gets its own calibrations"
    )
    min_calibration: int = Field(
        default=500, ge=1, description="minimum number of labelled finalists for a policy's own calibration"
    )
    first: StageSettings = Field(
        default=StageSettings(iterations=150, max_leaf_nodes=31, min_samples_leaf=40),
        description="first stage: scores each candidate on its own",
    )
    second: StageSettings = Field(
        default=StageSettings(iterations=80, max_leaf_nodes=16, min_samples_leaf=60),
        description="second stage: scores the best candidates of a string against each other",
    )


class BatchSettings(_Frozen):
    """Batch matching of files."""

    rows: int = Field(default=8192, ge=1, description="number of rows read, matched and written at once")
    task: int = Field(default=4096, ge=1, description="number of strings per task of a worker process")
    spark_task: int = Field(default=50_000, ge=1, description="number of rows per Spark task")
    spark_round: int = Field(
        default=1_000_000,
        ge=1,
        description="number of strings of papers sent to Spark at once; a killed run repeats those of one round",
    )
    spark_answer: float = Field(
        default=10.0, gt=0, description="seconds in which a server of Spark Connect must answer, before anything is sent there"
    )
    remembered: int = Field(default=100_000, ge=0, description="size of the cache of answers to repeated strings")


class ReadSettings(_Frozen):
    """Reading of papers."""

    by_paper: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="share of records whose numbers of affiliations and authors differ, above which none in the file are aligned",
    )
    not_accepted: tuple[str, ...] = Field(
        default=("reject", "withdraw", "desk", "active"), description="prefixes of the status of a paper that was not accepted"
    )
    rows: int = Field(default=65_536, ge=1, description="number of table rows held in memory at once")
    memory: str = Field(
        default="200MB", description="memory limit of the database that counts strings; above it, it uses the disk"
    )
    least_title: int = Field(
        default=20, ge=1, description="letters a title must have for records without a DOI to be the same paper by it"
    )


class EvaluateSettings(_Frozen):
    """Scoring against labelled strings."""

    resamples: int = Field(default=2000, ge=1, description="number of bootstrap samples")
    confidence: float = Field(default=0.95, gt=0, lt=1, description="confidence level of the intervals")
    bins: int = Field(default=10, ge=1, description="number of equal-frequency bins of the calibration error")
    seed: int = Field(default=20261124, description="random seed")
    folds: int = Field(default=5, ge=2, description="number of cross-validation folds")
    whole: int = Field(
        default=10_000, ge=0, description="largest registry, in institutions, that a self-test covers completely"
    )
    drawn: int = Field(default=1000, ge=1, description="number of institutions sampled from a larger registry")
    paired: int = Field(default=40, ge=1, description="number of companies, and of universities, to pair in one string")
    known: int = Field(default=120, ge=1, description="number of best known companies, and of universities, to draw them from")
    curve: tuple[float, ...] = Field(
        default=(0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99),
        description="match thresholds of the coverage-precision curve",
    )
    thresholds: tuple[float, ...] = Field(
        default=tuple(round(0.25 + 0.05 * i, 2) for i in range(10)), description="review thresholds to try"
    )


class GridSettings(_Frozen):
    """The grids on which the distribution of an entity's number is computed (`affil.rank.distribution`)."""

    coarse: int = Field(default=96, ge=8, description="cells of the grid that finds where the distribution lies")
    fine: int = Field(default=160, ge=8, description="cells of the grid that covers it")
    reach: float = Field(
        default=9.0, gt=0, description="standard deviations that the coarse grid covers at most, on either side"
    )
    outside: float = Field(
        default=0.002, ge=0, lt=0.5, description="probability that the fine grid leaves outside, on either side"
    )
    far: float = Field(
        default=0.004,
        ge=0,
        lt=1,
        description="joint probability of the largest effects that do not widen the coarse grid, being rare",
    )
    small: float = Field(default=2.0, gt=0, description="cells below which effects are taken together as normal")
    small_whole: float = Field(default=0.9, gt=0, description="the same where numbers are whole")
    least: float = Field(default=1e-7, ge=0, lt=1, description="probability of a cell that counts")


class RankSettings(_Frozen):
    """Counting and ranking."""

    offset: float = Field(
        default=1.0, ge=0, description="added to each area's adjusted publications before taking the geometric mean"
    )
    area_weights: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict,
        description="weights of areas in the geometric mean, where not 1",
        examples=[{"computer vision": 0.5, "robotics": 0}],
    )
    venues_preset: str = Field(
        default="", description="count only the venues of a preset, airankings-like or csrankings-like; empty: all venues"
    )
    include_review: bool = Field(default=False, description="count matches that are still waiting for review")
    roll_up: RollUp = Field(
        default="none",
        description="count institutions as themselves (none), as their parent, as their topmost ancestor (top), or only laboratories "
        "as their university or company (labs)",
    )
    not_parents: tuple[str, ...] = Field(
        default=(),
        description="ids never to roll up to, as of a university system",
        examples=[["affil:university-of-somewhere"]],
    )
    stated_places: tuple[str, ...] = Field(
        default=("company",),
        description="kinds of institutions that count for the city, region and country stated in the string, if any",
    )
    successors: bool = Field(
        default=True,
        description="count a closed institution for its successor from the year of succession on, where known; false: in all years",
    )
    country_groups: dict[str, str] = Field(
        default_factory=dict, description="count an ISO country code as another", examples=[{"HK": "CN", "MO": "CN"}]
    )
    region_groups: dict[str, str] = Field(
        default_factory=dict,
        description="count an ISO region or country code as another, or under a name of your own",
        examples=[{"HK": "Greater Bay Area", "CN-GD": "Greater Bay Area"}],
    )
    link_papers: int = Field(
        default=100,
        ge=1,
        description="papers that each of two years has at least in the venues of both, for growth and movers between them to be told",
    )
    link_change: float = Field(
        default=3.0,
        gt=1,
        description="times that the papers of a venue change at most from one year to the next to be compared; beyond, one is not whole",
    )
    panel_share: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="share of the papers of each of two years that the venues of both hold at least, for growth between them to be told, "
        "and for ranks of the later one to go on from those of the other",
    )
    panel_years: int = Field(
        default=5,
        ge=1,
        description="years apart from which on two years are far enough apart for growth; of such years those that end last are compared",
    )
    min_title: int = Field(default=20, ge=1, description="shortest folded title, in characters, used to find duplicates")
    ranges: bool = Field(default=True, description="compute the ranks that doubtful matches leave open")
    confidence: float = Field(default=0.95, gt=0, lt=1, description="confidence level of these ranges")
    probable: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="probability from which a match in review is taken as right in the rank once decided",
    )
    marked: int = Field(
        default=2, ge=1, description="ranks by which a row must move, were the review queue decided, to be marked in a table"
    )
    named: int = Field(default=3, ge=1, description="number of strings named that decide the place of a row")
    passing: int = Field(default=20, ge=1, description="number of entities passing a row whose strings are looked at for it")
    grid: GridSettings = Field(default=GridSettings(), description="grids of the distributions behind ranges")
    papers_at_once: int = Field(default=250_000, ge=1, description="number of papers counted at once; more take more memory")
    rows_at_once: int = Field(default=1 << 20, ge=1, description="number of counts read at once; more take more memory")
    compared_at_once: int = Field(
        default=1 << 20, ge=1, description="number of rows times entities compared at once to find whose strings decide a place"
    )
    memory: str = Field(
        default="1.5GB",
        pattern=r"^\d+(\.\d+)? ?[KMGT]i?B$",
        description="memory limit of the counting database; above it, it uses the disk",
    )
    families: int = Field(
        default=50,
        ge=0,
        description="number of first rows of which it is told that some are of one university or company and would be one, rolled up",
    )
    neighbours: int = Field(default=5, ge=0, description="rows shown above and below the one that is asked for by name")
    kept_states: int = Field(default=30, ge=2, description="number of past states kept for diff, besides snapshots")

    @model_validator(mode="before")
    @classmethod
    def _of_older_versions(cls, given: object) -> object:
        """Ranges were once drawn at random: `resamples` times (0: no ranges), from a `seed`."""
        if not isinstance(given, dict) or not {"resamples", "seed"} & given.keys():
            return given
        kept = {k: v for k, v in given.items() if k not in ("resamples", "seed")}
        return {"ranges": False, **kept} if given.get("resamples") == 0 else kept


class ReviewSettings(_Frozen):
    """Human review."""

    ledger: str = Field(default="", description="SQLAlchemy URL of a shared ledger; empty: a file in the workspace")
    wait: float = Field(default=10.0, ge=0, description="seconds to wait for another writer of the ledger")
    look: float = Field(
        default=1.0, ge=0, description="seconds after which a matcher with a ledger on a server looks for new decisions there"
    )
    backups: int = Field(
        default=30, ge=0, description="days with decisions of which a copy of the ledger is kept in the workspace; 0: none"
    )
    audit: int = Field(default=100, ge=0, description="number of sure matches to audit, and of strings without a match")
    missed: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="assumed share of strings without a match that do name an institution, before any audit",
    )
    prior: float = Field(default=20.0, gt=0, description="weight of this assumption, in audited strings")
    double: float = Field(default=0.1, ge=0, le=1, description="share of strings that a second person decides blind")
    sure: float = Field(
        default=0.95,
        ge=0,
        le=1,
        description="probability from which a match is sure: it is not decided along with doubtful strings",
    )
    rival: float = Field(
        default=0.05, gt=0, le=1, description="minimum probability of an institution not chosen that tells strings apart"
    )
    group: int = Field(default=40, ge=1, description="maximum number of strings decided together on one card")
    grouped: int = Field(
        default=10000, ge=0, description="maximum number of doubtful strings read again for groups and reasons of doubt"
    )
    estimate: int = Field(default=20, ge=0, description="decisions after which answers are estimated anew; 0: never")
    name_vote: float = Field(
        default=4.0, ge=1, description="factor of the odds of an answer for each decision on the same name"
    )
    place_vote: float = Field(default=2.0, ge=1, description="and for each of these with the same country stated")
    people_vote: float = Field(default=2.0, ge=1, description="and if a decision put one of its authors there")
    closes: float = Field(
        default=0.97, gt=0.5, le=1, description="probability from which an open string is closed by decisions on others"
    )
    close_after: int = Field(default=1, ge=1, description="least number of decisions on the same name that close a string")
    ticked: float = Field(
        default=0.5, ge=0, le=1, description="minimum probability of an institution that is ticked beforehand"
    )
    alike: float = Field(
        default=88.0, ge=0, le=100, description="minimum similarity, 0 to 100, of strings that may be decided together"
    )
    alike_shown: int = Field(default=200, ge=1, description="maximum number of similar strings offered to be decided together")
    suggested: int = Field(default=1000, ge=0, description="maximum number of suggestions of assistants that wait for a person")
    bulk: int = Field(default=500, ge=1, description="maximum number of strings of a list that are decided in one step")
    candidates: int = Field(default=8, ge=1, le=9, description="maximum number of institutions offered per string")
    least: float = Field(default=0.001, ge=0, le=1, description="minimum probability of an institution that is offered")
    few: int = Field(default=3, ge=0, description="number of institutions always offered, however improbable")
    papers: int = Field(default=5, ge=1, description="number of papers shown per string")
    authors: int = Field(default=12, ge=1, description="maximum number of authors shown, over these papers")
    characters: int = Field(default=2000, ge=80, description="maximum number of characters of a string that are shown")
    lease: float = Field(
        default=120.0, ge=0, description="seconds for which a string shown to one person is hidden from others"
    )
    alias_words: int = Field(default=6, ge=1, description="longest string, in words, suggested as a new name of an institution")
    held_out: float = Field(default=0.2, gt=0, lt=1, description="share of the decided strings held out to test a new model")
    seed: int = Field(default=20261124, description="random seed")


class DiscoverSettings(_Frozen):
    """Discovery of institutions missing from a registry, and of duplicates."""

    rare: float = Field(default=0.0005, gt=0, le=1, description="share of all strings up to which a word is distinctive")
    few: int = Field(default=5, ge=1, description="number of strings that always counts as rare, however small the workspace")
    letters: int = Field(
        default=6, ge=1, description="shortest single word that is matched to the known institution of that name"
    )
    capitals: int = Field(default=5, ge=0, description="longest all-capitals word that is not a name by itself")
    block: int = Field(default=60, ge=2, description="maximum number of names that share a word used for blocking")
    window: int = Field(default=5, ge=3, description="neighbours in alphabetical order that are compared; an odd number")
    link: float = Field(default=0.8, ge=0, le=1, description="minimum probability that two names mean the same institution")
    near: float = Field(
        default=85.0, ge=0, le=100, description="minimum similarity, 0 to 100, to a known name to count as its misspelling"
    )
    mentions: int = Field(default=2, ge=1, description="minimum number of mentions of a proposed institution")


class WebSettings(_Frozen):
    """Web pages and APIs."""

    port: int = Field(default=8371, ge=0, le=65535, description="port to listen on; if it is taken, another is chosen")
    body: int = Field(default=1_000_000, ge=1, description="maximum size of a request, in bytes")
    fields: int = Field(default=2000, ge=1, description="maximum number of form fields in a request")
    at_once: int = Field(default=64, ge=1, description="maximum number of concurrent requests; more are rejected")
    idle: int = Field(default=5, ge=1, description="seconds after which an idle connection is closed")
    listed: int = Field(default=50, ge=1, description="number of rows per page of a list")
    faceted: int = Field(default=8, ge=1, description="number of values of a facet shown before it is opened")


class ReportSettings(_Frozen):
    """The report: a site and a bulletin."""

    title: str = Field(default="", description="title of the site; empty: AI Research Rankings")
    beside: int = Field(
        default=10_000,
        ge=0,
        description="papers from which on a second process writes pages, as it then saves more than its start takes",
    )
    address: str = Field(
        default="",
        pattern=r"^(https?://[^\s\"<>#?]+)?$",
        description="address at which the site will be published, for permanent addresses and for pictures where it is shared",
        examples=["https://rankings.example/ai/"],
    )
    years: int = Field(default=10, ge=1, description="number of years shown by default, up to the last year with papers")
    rows: int = Field(default=100, ge=1, description="number of leaderboard rows shown at first")
    institutions: int = Field(default=500, ge=0, description="number of institutions with a page of their own")
    cities: int = Field(default=150, ge=0, description="number of cities with a page of their own")
    papers: bool = Field(
        default=True, description="list the papers behind the numbers, with titles and strings; false: publish no titles"
    )
    listed: int = Field(default=12, ge=1, description="number of rows of a short list: venues, partners, strings, movers")
    compared: int = Field(default=200, ge=1, description="number of top institutions among which movers are found")
    places_compared: int = Field(default=40, ge=1, description="the same for countries and for cities")
    mapped: int = Field(default=50, ge=1, description="number of cities listed below the map")
    leading: int = Field(
        default=30, ge=1, description="number of institutions listed as leaders of an area and compared by profile"
    )
    leading_countries: int = Field(default=20, ge=1, description="the same for countries")
    bulletin: int = Field(default=15, ge=1, description="number of rows per table in the bulletin")
    moved: float = Field(default=10.0, ge=0, description="minimum adjusted papers of a mover, in the better of its two periods")
    rose_among: int = Field(
        default=20, ge=1, description="number of first institutions of which the one that rose most is told"
    )
    story_last: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="minimum share of the papers of each of the last two years that the venues of both hold, for what they say to be told",
    )
    story_papers: int = Field(
        default=100, ge=1, description="minimum papers that a sentence of the overview, or an area in it, rests on"
    )
    story_output: float = Field(
        default=10.0, ge=0, description="minimum papers of a country, in the earlier year, whose growth is told"
    )
    story_countries: int = Field(default=10, ge=2, description="number of first countries whose growth is told")
    story_venues: int = Field(default=3, ge=1, description="venues that a sentence names at most; of more it says how many")
    story_change: float = Field(default=0.05, ge=0, description="minimum change of a ratio that is told as a change")
    uneven: float = Field(
        default=1.5,
        ge=1,
        description="minimum ratio of a country's strongest area to its weakest, each against what is expected, told as uneven",
    )
    uneven_among: int = Field(default=3, ge=1, description="number of first countries of which the most uneven is told")
    matrix: int = Field(default=12, ge=1, description="number of countries in the matrix of areas by country")
    bump: int = Field(default=12, ge=1, description="number of first entities whose ranks are drawn over the years")
    bump_lowest: int = Field(
        default=20,
        ge=1,
        description="last rank that has a place of its own there; those behind it stand together in a row below",
    )


class ServeSettings(WebSettings):
    """The service `affil serve` and its limits."""

    port: int = Field(default=8372, ge=0, le=65535, description="port to listen on; if it is taken, another is chosen")
    at_once: int = Field(default=256, ge=1, description="maximum number of connections; more are rejected")
    origins: tuple[str, ...] = Field(
        default=(),
        description='other sites whose pages may use reconciliation; "*": all',
        examples=[["https://refine.example"]],
    )
    names: tuple[str, ...] = Field(
        default=(),
        description="host names that a proxy on this machine uses; if set, a token is required",
        examples=[["affil.example"]],
    )
    strings: int = Field(default=1000, ge=1, description="maximum number of strings per request")
    characters: int = Field(default=10_000, ge=1, description="maximum length of a string, in characters")
    lines: int = Field(default=100, ge=1, description="maximum number of strings pasted into the page")
    queries: int = Field(default=100, ge=1, description="maximum number of reconciliation queries per request")
    entities: int = Field(default=1000, ge=1, description="maximum number of institutions per data extension request")
    candidates: int = Field(default=10, ge=1, description="default number of candidates per string")
    most_candidates: int = Field(default=50, ge=1, description="maximum number of candidates per string")
    least: float = Field(default=0.001, ge=0, le=1, description="minimum probability of a candidate")
    page: int = Field(default=20, ge=1, description="number of organisations per page of search results")
    found: int = Field(default=1000, ge=1, description="maximum number of search results")
    seconds: float = Field(default=30.0, gt=0, description="time limit of a request, in seconds")
    per_minute: int = Field(
        default=600, ge=1, description="maximum number of requests per minute from a client on another machine"
    )
    batch: int = Field(default=512, ge=1, description="maximum number of strings matched in one batch, from all requests")
    short: int = Field(default=10, ge=1, description="largest request, in strings, that goes ahead of longer ones")
    share: int = Field(default=100, ge=1, description="number of strings a longer request gets per batch while others wait")
    waiting: int = Field(default=50_000, ge=1, description="maximum number of strings waiting to be matched; more are rejected")
    linger: float = Field(default=0.002, ge=0, description="seconds that a batch waits for another string")
    gather: float = Field(
        default=0.1, ge=0, description="seconds that a batch waits for more strings altogether, as long as they come"
    )
    drain: float = Field(default=1.0, ge=0, description="seconds to finish open requests at shutdown")
    job_bytes: int = Field(default=100_000_000, ge=1, description="maximum size of the file of a job, in bytes")
    job_rows: int = Field(default=1_000_000, ge=1, description="maximum number of rows of a job")
    job_part: int = Field(default=5000, ge=1, description="number of rows of a job matched between two safe points")
    jobs_each: int = Field(default=5, ge=1, description="maximum number of unfinished jobs of one key")
    jobs: int = Field(default=100, ge=1, description="maximum number of jobs kept, finished ones too")
    job_days: float = Field(default=7.0, gt=0, description="days after which a finished job is removed")
    job_seconds: float = Field(
        default=600.0, gt=0, description="time limit for sending a job or fetching its result, in seconds"
    )
    job_nice: int = Field(default=19, ge=0, le=19, description="how far the process of jobs stands back behind single strings")
    job_tries: int = Field(default=3, ge=1, description="how often the process of jobs may die of a part before its job fails")
    job_look: float = Field(default=0.5, gt=0, description="seconds after which the process of jobs looks for new ones")
    job_again: float = Field(default=1.0, gt=0, description="seconds after which it is started again where it died")
    job_held: int = Field(default=1 << 20, ge=1, description="bytes of a file that is received which are held in memory")
    job_form: int = Field(default=10_000, ge=0, description="maximum bytes of a form around its file")


class TerminalSettings(_Frozen):
    """Tables in a terminal."""

    name: int = Field(default=14, ge=1, description="characters to which a name is shortened before years are left out")
    city: int = Field(default=100, ge=1, description="width of the terminal, in characters, from which cities are shown")
    name_zh: int = Field(default=110, ge=1, description="the same for Chinese names")


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
    terminal: TerminalSettings = TerminalSettings()


def _unknown(section: str, name: str, of: type[_Frozen]) -> AffilError:
    """What is said of a name that a section, or all settings, do not have."""
    elsewhere = [f"{other}.{name}" for other, field in Settings.model_fields.items() if name in _fields(field.annotation)]
    near = [f"{section}{one}" for one in difflib.get_close_matches(name, of.model_fields, n=3, cutoff=SEARCH.near)]
    if meant := elsewhere + near:
        return AffilError(said("there is no setting {0}; did you mean {1}?", section + name, joined(" or ", meant)))
    return AffilError(said("there is no setting {0}", section + name))


def _section(of: type[_Frozen], within: Any = None) -> str:
    """What stands before the names of a group of settings, such as "rank.grid."; "" where it is none of the groups, or several."""
    found = []
    for name, field in (within or Settings).model_fields.items():
        if field.annotation is of:
            found.append(f"{name}.")
        elif _fields(field.annotation) and (deeper := _section(of, field.annotation)):
            found.append(f"{name}.{deeper}")
    return found[0] if len(found) == 1 else ""


_KINDS: dict[Any, str] = {
    bool: marked("true or false"),
    int: marked("a whole number"),
    float: marked("a number"),
    str: marked("a text"),
}
_BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
_SHOWN = 100  # characters of a value in a message


def _wrong(section: str, of: type[_Frozen], fault: Any) -> AffilError:
    """What is said of a value that a setting cannot have, one of the faults that pydantic finds: what it can be, and what it is by default."""
    path = section + ".".join(map(str, fault["loc"]))
    group: Any = of
    field: FieldInfo | None = None
    for name in fault["loc"]:
        if _fields(group):
            field = group.model_fields[str(name)]
            group = field.annotation
    if field is None or _fields(group):
        return AffilError(said("{0} is a group of settings, not {1}", path.rstrip(".") or "Settings", _plain(fault["input"])))
    default = field.get_default(call_default_factory=True)
    return AffilError(
        said("setting {0}: {1}, not {2}; its default is {3}", path, _can_be(field), _plain(fault["input"]), _plain(default))
    )


def _can_be(field: FieldInfo) -> str:
    """What a setting, or each value in it, can be."""
    kind, of = get_origin(field.annotation) or field.annotation, get_args(field.annotation)
    if kind is Literal:
        return joined(" or ", of)
    if kind is tuple:
        return said("a list, each {0}", _can_be(FieldInfo.from_annotation(of[0])))
    if kind is dict:
        return said("a table, each value {0}", _can_be(FieldInfo.from_annotation(of[1])))
    bounds = ", ".join(f"{_BOUNDS[k]} {getattr(m, k)}" for m in field.metadata for k in _BOUNDS if hasattr(m, k))
    told = Said(_KINDS[kind])
    return said("{0} ({1})", told, bounds) if bounds else told


def _plain(value: object) -> str:
    """A value as it would be written in settings.toml, shortened."""
    return json.dumps(value, ensure_ascii=False, default=repr)[:_SHOWN]


def _fields(section: Any) -> Iterable[str]:
    return section.model_fields if isinstance(section, type) and issubclass(section, _Frozen) else ()


Again = Literal["rebuild", "retrain", "reread", "rematch", "recount", "nothing"]

# What must be run again after a change: by section, then settings that differ from their section.
AGAIN: dict[str, Again] = {
    "text": "rebuild",
    "search": "nothing",
    "fetch": "nothing",
    "input": "nothing",
    "retrieve": "retrain",
    **dict.fromkeys(
        ("retrieve.batch", "retrieve.searched_at_once", "retrieve.remembered", "retrieve.remembered_parts"), "nothing"
    ),
    "features": "retrain",
    **dict.fromkeys(("features.telling", "features.near"), "rematch"),  # what is told of a match, not the match
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
    "terminal": "nothing",
}


def again(path: str) -> Again:
    """What must be run again after a change of a setting, given as `decide.small`.

    Raises:
        KeyError: there is no such section.
    """
    return AGAIN.get(path) or AGAIN[path.partition(".")[0]]


def load_settings(path: Path | str | Mapping[str, Any] | Settings | None) -> Settings:
    """Read settings from a TOML file, or from a dict like the one of such a file: `{"decide": {"policy": "strict"}}`.

    Those not given are defaults, all of them if `path` is None; settings are returned as they are.

    Raises:
        InputError: there is no such file, it is not TOML, or a key or value in it is unknown.
        AffilError: a key or value in a dict is unknown.
    """
    if path is None:
        return Settings()
    if not isinstance(path, Path | str):
        return Settings.model_validate(path)
    path = Path(path)
    try:
        return Settings.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise InputError(path, said("cannot be read: {0}", error.strerror or error)) from error
    except AffilError as error:  # a name or value that is none, or one that an older version wrote
        raise InputError(path, message_of(error), fix=said("correct or delete its line")) from None
    except (ValueError, RecursionError) as error:  # not UTF-8, or not TOML
        raise InputError(path, said("not valid TOML: {0}", error)) from error


def settings_toml(settings: Settings) -> str:
    """Write settings as TOML that `load_settings` reads back, each with its description as a comment.

    An empty list or table is a commented line with an example, which is valid without its `#`.
    """
    import tomlkit  # only needed to create a workspace

    document = tomlkit.document()
    for stage, chosen in settings:
        table = tomlkit.table().add(tomlkit.comment(str(type(chosen).__doc__)))
        held = chosen.model_dump()
        for key in sorted(held, key=lambda k: bool(held[k]) and isinstance(held[k], dict)):  # nested tables come last
            field = type(chosen).model_fields[key]
            if not held[key] and field.examples:
                table.add(tomlkit.comment(f"{field.description}:"))
                table.add(tomlkit.comment(f"{key} = {toml_value(field.examples[0])}"))
                continue
            item = tomlkit.item(held[key])
            if field.description:
                item.comment(field.description)
            table.add(key, item)
        document.add(stage, table)
    return document.as_string()


def toml_value(value: object) -> str:
    """A value as TOML, on one line."""
    import tomlkit

    if isinstance(value, dict):
        inline = tomlkit.inline_table()
        inline.update(value)
        return inline.as_string()
    return tomlkit.item(value).as_string()
