"""The answers that the Reconciliation Service API 0.2 describes (its sections 3 to 7), written down anew, strictly: nothing besides.

The published JSON schemas allow more; where they are at hand `test_reconcile.py` holds every answer against them, too.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, RootModel, TypeAdapter, model_validator

Text = Annotated[str, Field(min_length=1)]
Template = Annotated[str, Field(pattern=r"^https?://[^{}]+\{\{id\}\}[^{}]*$")]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Named(Strict):
    id: Text
    name: Text


class View(Strict):
    url: Template


class Preview(Strict):
    url: Template
    width: int = Field(gt=0)
    height: int = Field(gt=0)


class Endpoint(Strict):
    service_url: Text
    service_path: Annotated[str, Field(pattern="^/")]


class Suggest(Endpoint):
    flyout_service_url: Text
    flyout_service_path: Annotated[str, Field(pattern=r"^/.*\$\{id\}")]


class Suggests(Strict):
    entity: Suggest
    type: Suggest
    property: Suggest


class Setting(Strict):
    name: Text
    label: Text
    type: Literal["number", "text", "checkbox", "select"]
    default: Any
    help_text: Text


class Extend(Strict):
    propose_properties: Endpoint
    property_settings: list[Setting]


class Manifest(Strict):
    """3.2."""

    versions: list[Literal["0.1", "0.2"]] = Field(min_length=1)
    name: Text
    identifierSpace: AnyHttpUrl = Field(strict=False)  # noqa: N815 - its name
    schemaSpace: AnyHttpUrl = Field(strict=False)  # noqa: N815
    defaultTypes: list[Named]  # noqa: N815
    documentation: Text
    logo: Text
    serviceVersion: Text  # noqa: N815
    batchSize: int = Field(gt=0)  # noqa: N815
    view: View
    feature_view: View
    preview: Preview
    suggest: Suggests
    extend: Extend


class Feature(Strict):
    id: Text
    value: bool | int | float


class Candidate(Strict):
    """4.4."""

    id: Text
    name: Text
    description: Text
    type: list[Named]
    score: int | float
    features: list[Feature]
    match: bool


class Result(Strict):
    result: list[Candidate]


class Entity(Named):
    description: Text
    notable: list[Text]


class Entities(Strict):
    """6.1."""

    result: list[Entity]


class Property(Named):
    description: Text


class Properties(Strict):
    result: list[Property]


class Types(Strict):
    result: list[Named]


class Proposal(Strict):
    """7.2."""

    type: str
    limit: int | None = None
    properties: list[Named]


class Column(Named):
    type: Named | None = None


class Cell(Strict):
    """One value, of one kind."""

    id: Text | None = None
    name: Text | None = None
    str_: str | None = Field(default=None, alias="str")
    float_: float | None = Field(default=None, alias="float")

    @model_validator(mode="after")
    def of_one_kind(self) -> Cell:
        """Text, a number, or an entity with its name."""
        assert self.model_fields_set in ({"id", "name"}, {"str_"}, {"float_"})
        return self


class Extension(Strict):
    """7.4."""

    meta: list[Column]
    rows: dict[str, dict[str, list[Cell]]]

    @model_validator(mode="after")
    def every_row_has_every_column(self) -> Extension:
        """OpenRefine would take a column for another, if one before it were missing."""
        assert all(list(row) == [m.id for m in self.meta] for row in self.rows.values())
        return self


ANSWERS: dict[str, type[Any]] = {
    "manifest": Manifest,
    "reconciliation-result-batch": RootModel[dict[str, Result]],
    "suggest-entities-response": Entities,
    "suggest-properties-response": Properties,
    "suggest-types-response": Types,
    "data-extension-property-proposal": Proposal,
    "data-extension-response": Extension,
}


def conforms(answer: Any, kind: str) -> None:
    """Hold an answer against what is described; what is no answer is not held against anything."""
    if kind in ANSWERS:
        TypeAdapter(ANSWERS[kind]).validate_python(answer)
