"""Request and response models of the service: used by FastAPI for validation and documentation."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema


def _without_null(schema: dict[str, Any]) -> None:
    """Drop null from the schema: a query parameter is present or absent."""
    schema.pop("default", None)
    schema |= schema.pop("anyOf")[0]


_unless = partial(Field, default=None, json_schema_extra=_without_null)  # an optional parameter


class Asked(BaseModel):
    """Parameters or a body; unknown names are errors, to catch typos."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """A response; these models only document responses, which are sent as plain values."""

    model_config = ConfigDict(extra="forbid")


class Nothing(Asked):
    """No parameters."""


# affil's own API


class MatchQuery(Asked):
    """One string."""

    affiliation: str = Field(description="the string", examples=["Dept. of CSE, 港中大, Shatin"])
    candidates: int | None = _unless(ge=0, description="institutions not chosen that are listed as well, at most")


class MatchBody(Asked):
    """Strings to match."""

    affiliations: list[str] = Field(description="the strings", examples=[["MIT CSAIL", "清华大学计算机系; SenseTime Research"]])
    candidates: int = Field(
        default=0, ge=0, description="institutions not chosen that are listed as well, at most, for each string"
    )


class Found(Answer):
    """An institution found in a string; `start` and `end` are character offsets of the matched words."""

    institution_id: str
    name: str
    name_zh: str
    kind: str
    city: str
    country: str
    lat: float | None
    lon: float | None
    stated_city: str
    stated_country: str
    probability: float
    decision: Literal["match", "review", "none"]
    matched_text: str
    start: int
    end: int
    alias: str
    evidence: list[str]


class Matched(Answer):
    """Result for one string; `candidates`, if requested, are institutions not chosen."""

    affiliation: str
    decision: Literal["match", "review", "none"]
    matches: list[Found]
    candidates: list[Found]


class MatchAnswer(Answer):
    """Results in the order of the strings, and the version of model and registry."""

    results: list[Matched]
    version: str


class Health(Answer):
    """The service is running."""

    status: Literal["ok"]
    affil: str
    version: str
    institutions: int


class Errors(Answer):
    """Error messages, one line each."""

    errors: list[str]


# Bulk jobs


class JobQuery(Asked):
    """How the file of a job is to be read."""

    column: str | None = _unless(description="the column with the strings; default: the one with a usual name")


class ResultQuery(Asked):
    """The result of a job."""

    format: Literal["csv", "tsv", "jsonl", "parquet"] | None = _unless(description="default: that of the file")


class JobAnswer(Answer):
    """A job: `done` of `rows` are matched (0: not counted yet); times are in UTC, `ended` is empty before."""

    id: str
    name: str
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    done: int
    rows: int
    error: str
    added: str
    ended: str


class JobsAnswer(Answer):
    """One's own jobs, in the order of their coming."""

    jobs: list[JobAnswer]


# ROR API


class OrganizationsQuery(Asked):
    """`affiliation`, `query`, or neither for all organisations."""

    affiliation: str | None = _unless(description="a messy string, to be matched")
    single_search: str | None = _unless(description="accepted with `affiliation`; both searches are one here")
    query: str | None = _unless(description="words of a name, or an id, to be searched for")
    filter: str = Field(
        default="",
        description="types, status, country.country_code, country.country_name and so on, as key:value, separated by commas",
    )
    page: Annotated[str, WithJsonSchema({"type": "integer", "default": 1, "minimum": 1})] | None = _unless(
        description="a number from 1"
    )
    all_status: Annotated[str, WithJsonSchema({"type": "string", "enum": ["", "true", "false"]})] | None = _unless(
        description="inactive and withdrawn ones too"
    )


class Stamp(Answer):
    """The day of which the registry is."""

    date: str
    schema_version: str


class Admin(Answer):
    """Dates of a record."""

    created: Stamp
    last_modified: Stamp


class ExternalId(Answer):
    """Ids at other registries."""

    all: list[str]
    preferred: str | None
    type: str


class Link(Answer):
    """An address."""

    type: str
    value: str


class Details(Answer):
    """A place."""

    continent_code: str | None
    continent_name: str | None
    country_code: str | None
    country_name: str | None
    country_subdivision_code: str | None
    country_subdivision_name: str | None
    lat: float | None
    lng: float | None
    name: str


class Location(Answer):
    """A place and its GeoNames id, 0 if unknown."""

    geonames_details: Details
    geonames_id: int


class OrganizationName(Answer):
    """A name."""

    lang: str | None
    types: list[Literal["ror_display", "label", "alias", "acronym"]]
    value: str


class Relationship(Answer):
    """A related organisation."""

    id: str
    label: str
    type: Literal["parent", "child", "predecessor", "successor"]


class Organization(Answer):
    """A record of ROR schema 2.1."""

    admin: Admin
    domains: list[str]
    established: int | None
    external_ids: list[ExternalId]
    id: str
    links: list[Link]
    locations: list[Location]
    names: list[OrganizationName]
    relationships: list[Relationship]
    status: str
    types: list[str]


class MatchedOrganization(Answer):
    """A candidate for a string; `score` is the probability, `chosen` whether it is matched without review."""

    substring: str
    score: float
    matching_type: Literal["EXACT", "PHRASE", "COMMON TERMS", "FUZZY", "HEURISTICS", "ACRONYM", "SINGLE SEARCH"]
    chosen: bool
    organization: Organization


class AffiliationAnswer(Answer):
    """Response to `affiliation`; `affil_ids` are the ids of organisations without a ROR id, by those shown in their place."""

    number_of_results: int
    items: list[MatchedOrganization]
    affil_ids: dict[str, str] = Field(default_factory=dict)


class Bucket(Answer):
    """Number of results with this value."""

    id: str
    title: str
    count: int


class Meta(Answer):
    """Counts of results over all pages."""

    types: list[Bucket]
    countries: list[Bucket]
    continents: list[Bucket]
    statuses: list[Bucket]


class ListAnswer(Answer):
    """Response to `query`; `time_taken` is in milliseconds, `affil_ids` as for `affiliation`."""

    number_of_results: int
    time_taken: int
    items: list[Organization]
    affil_ids: dict[str, str] = Field(default_factory=dict)
    meta: Meta


# Reconciliation Service API 0.2

_CALLBACK = _unless(description="name of a function around the answer (JSONP)", pattern=r"^[A-Za-z_$][\w$.]{0,99}$")


class AskedByClients(BaseModel):
    """Parameters to which clients add some of their own, which are passed over: OpenRefine `spell` and `exact`, jQuery `_`."""

    model_config = ConfigDict(extra="ignore")


class ReconcileQuery(AskedByClients):
    """Without `queries` or `extend`, the manifest is returned."""

    queries: str | None = _unless(description="a batch of queries, as JSON")
    extend: str | None = _unless(description="a query for data extension, as JSON")
    callback: str | None = _CALLBACK


class Entity(BaseModel):
    """Another entity, as the value of a property."""

    id: str
    name: str = ""


Value = str | float | bool | Entity
_FEW = 20  # values of a cell, and columns beside it: reading them takes time, and nobody has more


class Property(BaseModel):
    """A known property of the entity, with one value or several."""

    pid: str
    v: Annotated[list[Value], BeforeValidator(lambda v: v if isinstance(v, list) else [v]), Field(max_length=_FEW)]


class Query(Asked):
    """One query of a batch."""

    query: str = ""
    type: str | list[str] | None = None
    limit: int | None = Field(default=None, ge=1)
    properties: list[Property] = Field(default_factory=list, max_length=_FEW)
    type_strict: Literal["any", "should", "all"] = "any"


class Wanted(BaseModel):
    """A property to fetch."""

    id: str
    settings: dict[str, Any] = Field(default_factory=dict)


class Extend(BaseModel):
    """A data extension query: ids and properties."""

    ids: list[str]
    properties: list[Wanted]


class SuggestQuery(AskedByClients):
    """A prefix to complete."""

    prefix: str = Field(description="the beginning of a name, or an id")
    cursor: int = Field(default=0, ge=0, le=100_000, description="suggestions to skip")
    limit: int | None = _unless(ge=1, description="suggestions at most")
    type: str | None = _unless(description="a type, for entities")
    callback: str | None = _CALLBACK


class IdQuery(AskedByClients):
    """One id."""

    id: str = Field(description="its id")
    callback: str | None = _CALLBACK


class ProposeQuery(AskedByClients):
    """The properties of a type."""

    type: str = Field(default="organization", description="the type")
    limit: int | None = _unless(ge=1, description="properties at most")
    callback: str | None = _CALLBACK
