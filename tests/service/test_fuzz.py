"""Whatever is asked, nothing breaks, and the OpenAPI document says what comes."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_the_document_says_what_comes(service: Any, mode: GenerationMode) -> None:
    """Every operation is asked as the document says that it may be asked, and as it says that it may not."""
    host = {"host": "127.0.0.1", "origin": "http://127.0.0.1"}
    schema = schemathesis.openapi.from_asgi("/openapi.json", service.client.app, headers=host)
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(FEW, max_examples=8, phases=[Phase.generate])
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            nonlocal tried
            tried += 1
            case.call_and_validate(headers=host, checks=CHECKS)

        with contextlib.suppress(Unsatisfiable):  # nothing is wrong with what asks for nothing
            ask()
    assert tried > 50


FEW = settings(derandomize=True, database=None, suppress_health_check=list(HealthCheck))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda below: (
        st.lists(below, max_size=4) | st.dictionaries(st.sampled_from(["query", "pid", "v", "id", "ids"]) | st.text(), below)
    ),
    max_leaves=12,
)
NEAR = st.fixed_dictionaries(
    {},
    optional={
        "query": JSON | st.text(),
        "type": JSON | st.sampled_from(["company", "organization"]),
        "limit": JSON | st.integers(1, 60),
        "properties": JSON
        | st.lists(st.fixed_dictionaries({"pid": st.sampled_from(["country", "ror", "city", "x"]), "v": JSON})),
    },
)


@settings(FEW, max_examples=60)
@given(
    form=st.dictionaries(st.sampled_from(["queries", "extend"]), JSON | st.dictionaries(st.text(max_size=3), NEAR, max_size=3))
)
def test_forms_of_any_kind(service: Any, form: dict[str, Any]) -> None:
    answer = service.client.post("/reconcile", data={k: json.dumps(v) for k, v in form.items()})
    assert answer.status_code in (200, 400, 413), answer.text
    if answer.status_code != 200:
        assert answer.json()["errors"]


@settings(FEW, max_examples=60)
@given(body=st.binary(max_size=200) | JSON.map(lambda v: json.dumps(v).encode()))
def test_bodies_of_any_kind(service: Any, body: bytes) -> None:
    answer = service.client.post("/match", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (200, 400, 413), answer.text
    if answer.status_code != 200:
        assert answer.json()["errors"]


@settings(FEW, max_examples=60)
@given(
    query=st.binary(max_size=60),
    path=st.sampled_from(["/match", "/organizations", "/reconcile", "/reconcile/suggest/entity", "/"]),
)
def test_addresses_of_any_kind(service: Any, query: bytes, path: str) -> None:
    sent = "".join(f"%{b:02x}" if b not in b"abcdefghijklmnopqrstuvwxyz=&+" else chr(b) for b in query)
    answer = service.client.get(f"{path}?affiliation={sent}&{sent}")
    assert answer.status_code in (200, 400, 413), answer.text
