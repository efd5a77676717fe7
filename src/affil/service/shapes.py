"""What the service is asked and what it answers, field by field: requests are checked against it, the OpenAPI page is made of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict  # pydantic wants this one before Python 3.12

_EXACT = ConfigDict(extra="forbid")


class Asked(BaseModel):
    """Parameters or a body; what is not known is an error, so that a misspelt name does not go unnoticed."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


class Nothing(Asked):
    """No parameters."""


# affil's own


class MatchQuery(Asked):
    """One string."""

    affiliation: str = Field(description="the string", examples=["Dept. of CSE, 港中大, Shatin"])
    candidates: int | None = Field(default=None, ge=0, description="institutions not chosen that are listed as well, at most")


class MatchBody(Asked):
    """Strings to match."""

    affiliations: list[str] = Field(description="the strings", examples=[["MIT CSAIL", "清华大学计算机系; SenseTime Research"]])
    candidates: int = Field(
        default=0, ge=0, description="institutions not chosen that are listed as well, at most, for each string"
    )


class Found(TypedDict):
    """An institution found in a string. `start` and `end` are the matched words' place in it, in characters."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]
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


class Matched(TypedDict):
    """One string, and what it names; `candidates`, where asked for, are those that were not chosen."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]
    affiliation: str
    decision: Literal["match", "review", "none"]
    matches: list[Found]
    candidates: list[Found]


class MatchAnswer(TypedDict):
    """The answers in the order of the strings, and the versions that gave them."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]
    results: list[Matched]
    version: str


class Health(TypedDict):
    """The service answers."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]
    status: Literal["ok"]
    affil: str
    version: str
    institutions: int


class Errors(TypedDict):
    """What is wrong, each in one line."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]
    errors: list[str]


# ROR


class OrganizationsQuery(Asked):
    """One of `affiliation` and `query`, or neither, for all organisations."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False)
    affiliation: str | None = Field(default=None, description="a messy string, to be matched")
    single_search: str | None = Field(default=None, description="accepted with `affiliation`; both searches are one here")
    query: str | None = Field(default=None, description="words of a name, or an id, to be searched for")
    filter: str = Field(
        default="",
        description="types, status, country.country_code, country.country_name and so on, as key:value, separated by commas",
    )
    page: str = Field(
        default="1", description="a number from 1", json_schema_extra={"type": "integer", "default": 1, "minimum": 1}
    )
    all_status: str | None = Field(
        default=None,
        description="inactive and withdrawn ones too",
        json_schema_extra={"enum": ["", "true", "false"], "type": "string"},
    )


class Stamp(TypedDict):
    """When a record was made or changed; the date is "" where it is not known."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]
    date: str
    schema_version: str


class Admin(TypedDict):
    """Dates of a record."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]
    created: Stamp
    last_modified: Stamp


class ExternalId(TypedDict):
    """Ids at other registries."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]
    all: list[str]
    preferred: str | None
    type: str


class Link(TypedDict):
    """An address."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]
    type: str
    value: str


class Details(TypedDict):
    """A place."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]
    continent_code: str
    continent_name: str
    country_code: str
    country_name: str
    country_subdivision_code: str | None
    country_subdivision_name: str | None
    lat: float | None
    lng: float | None
    name: str


class Location(TypedDict):
    """A place with its GeoNames number, 0 where that is not known."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]
    geonames_details: Details
    geonames_id: int


class OrganizationName(TypedDict):
    """A name."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]
    lang: str | None
    types: list[Literal["ror_display", "label", "alias", "acronym"]]
    value: str


class Relationship(TypedDict):
    """Another organisation."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]
    id: str
    label: str
    type: Literal["parent", "child", "predecessor", "successor"]


class Organization(TypedDict):
    """A record of ROR schema 2.1."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]
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


class MatchedOrganization(TypedDict):
    """An organisation that a string may name; `score` is the probability, `chosen` what is taken without a person."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]
    substring: str
    score: float
    matching_type: Literal["EXACT", "PHRASE", "COMMON TERMS", "FUZZY", "HEURISTICS", "ACRONYM", "SINGLE SEARCH"]
    chosen: bool
    organization: Organization


class AffiliationAnswer(TypedDict):
    """The answer to `affiliation`."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]
    number_of_results: int
    items: list[MatchedOrganization]


class Bucket(TypedDict):
    """How many of what was found have this value."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]
    id: str
    title: str
    count: int


class Meta(TypedDict):
    """Counts over all pages."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]
    types: list[Bucket]
    countries: list[Bucket]
    continents: list[Bucket]
    statuses: list[Bucket]


class ListAnswer(TypedDict):
    """The answer to `query`; `time_taken` in milliseconds."""

    __pydantic_config__ = _EXACT  # type: ignore[misc]
    number_of_results: int
    time_taken: int
    items: list[Organization]
    meta: Meta


# Reconciliation Service API 0.2

_CALLBACK = Field(default=None, description="name of a function around the answer (JSONP)", pattern=r"^[A-Za-z_$][\w$.]{0,99}$")


class ReconcileQuery(Asked):
    """Without `queries` and `extend`: the manifest."""

    queries: str | None = Field(default=None, description="a batch of queries, as JSON")
    extend: str | None = Field(default=None, description="a query for data extension, as JSON")
    callback: str | None = _CALLBACK


class Entity(BaseModel):
    """Another entity, as the value of a property."""

    id: str
    name: str = ""


Value = str | float | bool | Entity


class Property(BaseModel):
    """What is known besides the name."""

    pid: str
    v: Value | list[Value]


class Query(Asked):
    """One query of a batch."""

    query: str = ""
    type: str | list[str] | None = None
    limit: Annotated[int | None, Field(ge=1)] = None
    properties: list[Property] = Field(default_factory=list)
    type_strict: Literal["any", "should", "all"] = "any"


class Wanted(BaseModel):
    """A property to be fetched."""

    id: str
    settings: dict[str, Any] = Field(default_factory=dict)


class Extend(BaseModel):
    """Which properties of which entities are wanted."""

    ids: list[str]
    properties: list[Wanted]


class SuggestQuery(Asked):
    """What somebody has typed."""

    prefix: str = Field(description="the beginning of a name, or an id")
    cursor: int = Field(default=0, ge=0, le=100_000, description="suggestions to skip")
    limit: int | None = Field(default=None, ge=1, description="suggestions at most")
    type: str | None = Field(default=None, description="a type, for entities")
    callback: str | None = _CALLBACK


class IdQuery(Asked):
    """One thing."""

    id: str = Field(description="its id")
    callback: str | None = _CALLBACK


class ProposeQuery(Asked):
    """Properties of a type."""

    type: str = Field(default="organization", description="the type")
    limit: int | None = Field(default=None, ge=1, description="properties at most")
    callback: str | None = _CALLBACK


Json = dict[str, Any]
