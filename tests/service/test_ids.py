"""An institution is found over HTTP by all its ids."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from affil.match import Matcher
from affil.registry import build_registry
from affil.service.security import Access
from affil.settings import ServeSettings

CUHK = "https://ror.org/00t33hh48"


@pytest.fixture(scope="module")
def matcher(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    folder = tmp_path_factory.mktemp("ids")
    (folder / "own.csv").write_text(
        "id,name,country,city,kind,other_ids\n"
        f"{CUHK},The Chinese University of Hong Kong,HK,Hong Kong,education,"
        "affil:cuhk|grid.10784.3a|isni:0000000419370482|wikidata:Q15567|fundref:1|fundref:2\n"
    )
    build_registry([folder / "own.csv"], Path(folder / "own.affil"))
    return Matcher.load(folder / "own.affil", tiny_model)


@pytest.mark.parametrize(
    "written", ["00t33hh48", "HTTP://www.ror.org/00T33HH48/", "https%3A%2F%2Fror.org%2F00t33hh48", "affil:cuhk", "grid.10784.3a",
                "0000 0004 1937 0482", "Q15567", "10.13039/2"]
)  # fmt: skip
def test_every_form_finds_it(matcher: Matcher, serving: Any, written: str) -> None:
    with serving(matcher, Access.of("127.0.0.1"), ServeSettings(per_minute=1_000_000)) as service:
        found = service.client.get("/organizations", params={"query": written}).json()
        assert [x["id"] for x in found["items"]] == [CUHK]
        assert service.client.get(f"/organizations/{written}").json()["id"] == CUHK
        answer = service.client.post("/reconcile", data={"queries": json.dumps({"q": {"query": written}})}).json()
        if "%" not in written:
            assert [(c["id"], c["match"]) for c in answer["q"]["result"]] == [(CUHK, True)]
        extend = {"ids": ["affil:cuhk"], "properties": [{"id": "grid"}, {"id": "fundref"}, {"id": "ror"}]}
        row = service.client.post("/reconcile", data={"extend": json.dumps(extend)}).json()["rows"]["affil:cuhk"]
        assert row == {"grid": [{"str": "grid.10784.3a"}], "fundref": [{"str": "1"}, {"str": "2"}], "ror": [{"str": CUHK}]}


def test_records_have_their_ids_elsewhere_as_ror_writes_them(matcher: Matcher, serving: Any) -> None:
    with serving(matcher, Access.of("127.0.0.1"), ServeSettings(per_minute=1_000_000)) as service:
        assert service.client.get("/organizations/00t33hh48").json()["external_ids"] == [
            {"type": "fundref", "all": ["1", "2"], "preferred": None},
            {"type": "grid", "all": ["grid.10784.3a"], "preferred": "grid.10784.3a"},
            {"type": "isni", "all": ["0000 0004 1937 0482"], "preferred": "0000 0004 1937 0482"},
            {"type": "wikidata", "all": ["Q15567"], "preferred": "Q15567"},
        ]
