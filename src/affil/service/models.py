"""Request and response models of the service: they check what is asked, and FastAPI describes the service by them."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from affil.match.why_not import NOTHING
from affil.names.ids import ROR


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
        default=0, ge=0, description="institutions not chosen that are listed as well, at most, for each string", examples=[3]
    )


class Found(Answer):
    """An institution found in a string; `start` and `end` are character offsets of the matched words."""

    institution_id: str = Field(description="its id in the registry", examples=[f"{ROR}00t33hh48"])
    name: str = Field(description="its name", examples=["The Chinese University of Hong Kong"])
    name_zh: str = Field(description="its Chinese name, empty if the registry has none", examples=["香港中文大學"])
    kind: str = Field(description="its kind, as ROR's types", examples=["education"])
    city: str = Field(description="its city", examples=["Hong Kong"])
    country: str = Field(description="its country, by ISO 3166-1", examples=["HK"])
    lat: float | None = Field(description="its latitude in degrees; null: unknown", examples=[22.4196])
    lon: float | None = Field(description="its longitude in degrees; null: unknown", examples=[114.2068])
    stated_city: str = Field(description="the city that the string gives for it, empty if none", examples=[""])
    stated_country: str = Field(
        description="the country that the string gives for it, by ISO 3166-1, empty if none", examples=["CN"]
    )
    probability: float = Field(description="calibrated: of all with 0.9, nine in ten are right", examples=[0.999])
    decision: Literal["match", "review", "none"] = Field(
        description="match: taken; review: a person should look; none: a candidate that was not chosen", examples=["match"]
    )
    matched_text: str = Field(description="the words of the string that name it", examples=["港中大"])
    start: int = Field(description="where those words begin, in characters from 0", examples=[14])
    end: int = Field(description="the character after them", examples=[17])
    alias: str = Field(description="the name in the registry that they were taken for", examples=["港中大"])
    evidence: list[str] = Field(
        description="what spoke for it (+) and against it (-), in words", examples=[["+ “港中大” is another name of it"]]
    )


class Matched(Answer):
    """Result for one string; `candidates`, if requested, are institutions not chosen."""

    affiliation: str = Field(description="the string", examples=["Dept. of CSE, 港中大, Shatin"])
    decision: Literal["match", "review", "none"] = Field(
        description="for the whole string: review if one of its matches is, none without any", examples=["match"]
    )
    why: Literal[*NOTHING] | None = _unless(  # type: ignore[valid-type]
        description="why there is none; only then", examples=["nothing_named"]
    )
    explanation: str | None = _unless(
        description="the same in a sentence, with the nearest institution", examples=["it contains no name from the registry"]
    )
    matches: list[Found] = Field(description="the institutions that it names")
    candidates: list[Found] = Field(description="others that were not chosen, likeliest first; empty unless asked for")


class MatchAnswer(Answer):
    """Results in the order of the strings, and the version of model and registry."""

    results: list[Matched] = Field(description="one for each string, in their order")
    version: str = Field(
        description="hashes of the model and the registry that answered", examples=["model 0123456789ab, registry ba9876543210"]
    )


class Health(Answer):
    """The service is running."""

    status: Literal["ok"] = Field(description="it answers")
    affil: str = Field(description="the version of affil", examples=["1.0.0"])
    version: str = Field(
        description="hashes of model and registry, as in the answers", examples=["model 0123456789ab, registry ba9876543210"]
    )
    institutions: int = Field(description="how many the registry has", examples=[17000])


class Errors(Answer):
    """Error messages, one line each."""

    errors: list[str] = Field(description="what is wrong and what helps, a line each", examples=[["'affiliations' is missing"]])


# Bulk jobs


class JobQuery(Asked):
    """How the file of a job is to be read."""

    column: str | None = _unless(description="the column with the strings; default: the one with a usual name")


class ResultQuery(Asked):
    """The result of a job."""

    format: Literal["csv", "tsv", "jsonl", "parquet"] | None = _unless(description="default: that of the file")


class JobAnswer(Answer):
    """A job: `done` of `rows` are matched (0: not counted yet); times are in UTC, `ended` is empty before."""

    id: str = Field(description="by which it is asked for", examples=["0123456789abcdef"])
    name: str = Field(description="what its file is called in messages", examples=["strings.csv"])
    state: Literal["waiting", "running", "done", "failed", "cancelled"] = Field(
        description="how it is; cancelled: it was deleted before its end", examples=["running"]
    )
    done: int = Field(description="rows that are matched", examples=[5000])
    rows: int = Field(description="rows of the file; 0: not counted yet", examples=[20000])
    error: str = Field(description="why it failed, in a line; else empty", examples=[""])
    added: str = Field(description="when it was sent, in UTC", examples=["2026-01-31T09:30:00+00:00"])
    ended: str = Field(description="when it ended, in UTC; empty before", examples=[""])


class JobsAnswer(Answer):
    """One's own jobs, in the order of their coming."""

    jobs: list[JobAnswer] = Field(description="those sent with this key, in the order of their coming")


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

    date: str = Field(description="the day", examples=["2026-01-31"])
    schema_version: str = Field(description="of ROR's schema", examples=["2.1"])


class Admin(Answer):
    """Dates of a record."""

    created: Stamp = Field(description="when the record was made")
    last_modified: Stamp = Field(description="when it was changed")


class ExternalId(Answer):
    """Ids at other registries."""

    all: list[str] = Field(description="its ids there", examples=[["grid.10784.3a"]])
    preferred: str | None = Field(description="the one to use; null: unknown", examples=["grid.10784.3a"])
    type: str = Field(description="whose ids they are", examples=["grid"])


class Link(Answer):
    """An address."""

    type: str = Field(description="what is there", examples=["website"])
    value: str = Field(description="the address", examples=["https://cuhk.edu.hk"])


class Details(Answer):
    """A place."""

    continent_code: str | None = Field(description="two letters", examples=["AS"])
    continent_name: str | None = Field(description="in English", examples=["Asia"])
    country_code: str | None = Field(description="by ISO 3166-1", examples=["HK"])
    country_name: str | None = Field(description="in English", examples=["Hong Kong"])
    country_subdivision_code: str | None = Field(description="by ISO 3166-2, without the country", examples=["ENG"])
    country_subdivision_name: str | None = Field(description="in English", examples=["England"])
    lat: float | None = Field(description="in degrees", examples=[22.4196])
    lng: float | None = Field(description="in degrees", examples=[114.2068])
    name: str = Field(description="of the city", examples=["Hong Kong"])


class Location(Answer):
    """A place and its GeoNames id, 0 if unknown."""

    geonames_details: Details = Field(description="the place")
    geonames_id: int = Field(description="of the city at GeoNames; 0: unknown", examples=[1819729])


class OrganizationName(Answer):
    """A name."""

    lang: str | None = Field(description="its language, by ISO 639-1; null: unknown", examples=["en"])
    types: list[Literal["ror_display", "label", "alias", "acronym"]] = Field(
        description="what kind of name it is", examples=[["ror_display", "label"]]
    )
    value: str = Field(description="the name", examples=["The Chinese University of Hong Kong"])


class Relationship(Answer):
    """A related organisation."""

    id: str = Field(description="the other's id", examples=[f"{ROR}00t33hh48"])
    label: str = Field(description="the other's name", examples=["The Chinese University of Hong Kong"])
    type: Literal["parent", "child", "predecessor", "successor"] = Field(
        description="what the other is to this one", examples=["parent"]
    )


class Organization(Answer):
    """A record of ROR schema 2.1."""

    admin: Admin = Field(description="dates of the record")
    domains: list[str] = Field(description="of its website and mail", examples=[["cuhk.edu.hk"]])
    established: int | None = Field(description="the year; null: unknown", examples=[1963])
    external_ids: list[ExternalId] = Field(description="at other registries")
    id: str = Field(
        description="its ROR id; of one without, an id of that form that ROR never gives",
        examples=[f"{ROR}00t33hh48"],
    )
    links: list[Link] = Field(description="its website")
    locations: list[Location] = Field(description="where it is")
    names: list[OrganizationName] = Field(description="all of them, the one to show first")
    relationships: list[Relationship] = Field(description="to other organisations")
    status: str = Field(description="active, inactive or withdrawn", examples=["active"])
    types: list[str] = Field(description="education, company, healthcare and so on", examples=[["education"]])


class MatchedOrganization(Answer):
    """A candidate for a string; `score` is the probability, `chosen` whether it is matched without review."""

    substring: str = Field(description="the words of the string that name it", examples=["Univ. of Oxford"])
    score: float = Field(description="calibrated probability: of all with 0.9, nine in ten are right", examples=[0.999])
    matching_type: Literal["EXACT", "PHRASE", "COMMON TERMS", "FUZZY", "HEURISTICS", "ACRONYM", "SINGLE SEARCH"] = Field(
        description="what spoke for it most, in ROR's words", examples=["PHRASE"]
    )
    chosen: bool = Field(description="whether it is decided match", examples=[True])
    organization: Organization = Field(description="its record")


class OrganizationsAnswer(Answer):
    """Organisations, some of them without a ROR id."""

    affil_ids: dict[str, str] = Field(
        default_factory=dict,
        description="ids here of organisations without a ROR id, by those shown in their place",
        examples=[{f"{ROR}0u1234567": "affil:vivo"}],
    )


class AffiliationAnswer(OrganizationsAnswer):
    """Response to `affiliation`."""

    number_of_results: int = Field(description="how many items there are", examples=[1])
    items: list[MatchedOrganization] = Field(description="chosen ones first, then by score")


class Bucket(Answer):
    """Number of results with this value."""

    id: str = Field(description="the value", examples=["hk"])
    title: str = Field(description="the value, for people", examples=["Hong Kong"])
    count: int = Field(description="results with it", examples=[12])


class Meta(Answer):
    """Counts of results over all pages."""

    types: list[Bucket] = Field(description="by kind")
    countries: list[Bucket] = Field(description="by country")
    continents: list[Bucket] = Field(description="by continent")
    statuses: list[Bucket] = Field(description="by status")


class ListAnswer(OrganizationsAnswer):
    """Response to `query`; `time_taken` is in milliseconds."""

    number_of_results: int = Field(description="on all pages", examples=[12])
    time_taken: int = Field(description="milliseconds", examples=[3])
    items: list[Organization] = Field(description="those of this page")
    meta: Meta = Field(description="counts over all pages")


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
