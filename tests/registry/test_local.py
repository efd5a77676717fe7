from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from affil.errors import AffilError
from affil.registry.local import Details, add_name, make_institution
from affil.registry.tables import read_table, write_table
from affil.types import Institution, Name
from affil.workspace import Workspace

OPENAI = "affil:openai"


def test_ids_are_made_of_names() -> None:
    one = make_institution(Details("  Yarrowby  Labs ", "gb", city="York", kind="company"))
    assert (one.id, one.name, one.country) == ("affil:yarrowby-labs", "Yarrowby Labs", "GB")
    assert make_institution(Details("Yarrowby Labs", "GB"), taken={one.id}).id == "affil:yarrowby-labs-2"
    chinese = make_institution(Details("羽芒机器人", "CN"))
    assert chinese.id.startswith("affil:")
    assert chinese.name_zh == "羽芒机器人"
    for bad, message in ((("", "GB"), "needs a name"), (("X Y", "QQ"), "no country 'QQ'"), (("X Y", ""), "no country")):
        with pytest.raises(AffilError, match=message):
            make_institution(Details(*bad))
    with pytest.raises(AffilError, match="no kind"):
        make_institution(Details("X Y", "GB", kind="circus"))


def test_names_are_added_once() -> None:
    one = make_institution(Details("Yarrowby Labs", "GB"))
    more = add_name(one, "YL  York")
    assert [n.value for n in more.names] == ["Yarrowby Labs", "YL York"]
    assert add_name(more, "yl york") is more
    assert add_name(more, "yarrowby labs") is more


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    names = (
        Name("Yarrowby Labs", "", "official"),
        Name("YL", "", "acronym"),
        Name("Yarrow", "", "alias"),
        Name("雅罗", "zh", "label"),
    )
    one = Institution(
        "affil:y",
        "Yarrowby Labs",
        names,
        "company",
        "GB",
        "GB-ENG",
        "York",
        53.9,
        -1.0,
        "yarrow.by",
        ("affil:p",),
        (),
        "inactive",
    )
    write_table(tmp_path / "own.csv", [one])
    (back,) = read_table(tmp_path / "own.csv")
    assert {(n.value, n.language, n.kind) for n in back.names} == {(n.value, n.language, n.kind) for n in names}
    for field in ("id", "name", "kind", "country", "region", "city", "lat", "lon", "domain", "parents", "status"):
        assert getattr(back, field) == getattr(one, field)


def test_an_own_institution_counts_at_once_and_is_matched_from_the_next_run_on(review_ws: Workspace) -> None:
    made = review_ws.add_institution(Details("Tanglewick Robotics", "GB", city="Leeds", kind="company"))
    with pytest.raises(
        AffilError, match="there is already an institution 'tanglewick robotics' in GB: affil:tanglewick-robotics"
    ):
        review_ws.add_institution(Details("tanglewick robotics", "GB"))
    assert review_ws.add_institution(Details("Tanglewick Robotics", "US")).id == "affil:tanglewick-robotics-2"
    entry, warnings = review_ws.decide("Tanglewick Robotics Inc.", made.id, by="ana", why="w")
    assert (entry.institutions, warnings) == ((made.id,), ())
    before = review_ws.rank().to_frame()
    assert set(before["id"]) >= {made.id}
    done = review_ws.run()
    assert done.again.startswith("the registry")
    matches = {r["affiliation"]: r["institution_id"] for r in pq.read_table(review_ws.table("matches")).to_pylist()}
    assert matches["Tanglewick Robotics, Leeds, UK"] == made.id
    assert review_ws.run().matched == 0, "nothing changed"
    assert not review_ws.rank().warnings


def test_one_in_another_city_may_have_the_name_and_what_own_rows_meet_is_said(review_ws: Workspace) -> None:
    first = review_ws.add_institution(Details("Tanglewick Robotics", "GB", city="Leeds"))
    second = review_ws.add_institution(Details("Tanglewick Robotics", "United Kingdom", city="Bristol"))
    assert (first.country, second.country, second.id) == ("GB", "GB", "affil:tanglewick-robotics-2")
    for details in (Details("Tanglewick Robotics", "GB", city="Bristol"), Details("Tanglewick Robotics", "GB")):
        with pytest.raises(AffilError, match=r"already an institution .* decide for that one, or give the city"):
            review_ws.add_institution(details)
    with pytest.raises(AffilError, match="'UK' is no ISO 3166-1 code; did you mean GB"):
        review_ws.add_institution(Details("Quiet Rooms", "UK"))
    assert review_ws.run().met == ()
    own = review_ws.path / "own.csv"
    own.write_text("id,name,country\nx:1,OpenAI,US\n")
    (met,) = review_ws.run().met
    assert (met.file, met.row, met.institution, met.by) == (str(own), 2, OPENAI, "name")


def test_new_names_are_matched_from_the_next_run_on(review_ws: Workspace) -> None:
    openai = review_ws.matcher().registry.get(OPENAI)
    assert review_ws.add_names([(openai, "Room 12"), (openai, "room 12"), (openai, "OpenAI")]) == 1
    assert review_ws.add_names([(openai, "Room 12")]) == 0
    review_ws.run()
    matches = {r["affiliation"]: r["institution_id"] for r in pq.read_table(review_ws.table("matches")).to_pylist()}
    assert matches["Room 12"] == OPENAI
    again = review_ws.matcher().registry.get(OPENAI)
    assert (again.city, again.kind) == (openai.city, openai.kind), "the rest stays as it was"


def test_an_own_id_stands_for_the_institution_that_a_registry_has_come_to_hold(review_ws: Workspace, tmp_path: Path) -> None:
    """A decision lasts: its id is kept, and counts for the record that the new registry has under its ROR id."""
    from affil.registry.registry import write_registry

    made = review_ws.add_institution(Details("Tanglewick Robotics", "GB", kind="company"))
    review_ws.decide("Tanglewick Robotics", made.id, by="ana", why="w")
    known = Institution(
        "https://ror.org/tangle", "Tanglewick Robotics", (Name("Tanglewick Robotics", "en", "official"),), "company", "GB"
    )
    bigger = [*review_ws.matcher().registry, known]
    bigger = [one for one in bigger if one.id != made.id]
    write_registry(sorted(bigger, key=lambda x: x.id), tmp_path / "bigger.affil", {"sources": ["bigger"]})
    review_ws.run(registry=tmp_path / "bigger.affil")
    frame = review_ws.rank().to_frame()
    assert known.id in set(frame["id"])
    assert made.id not in set(frame["id"])
    assert not review_ws.rank().warnings


def test_details_of_an_institution(review_ws: Workspace) -> None:
    """Parent, ROR id and place, at first and later; the id stays, and with it the decisions."""
    details = Details("Tanglewick Robotics", "GB", "leeds", "company", parents=(OPENAI,), ror="ror.org/00T33HH48")
    made = review_ws.add_institution(details)
    assert (made.parents, made.other_ids) == ((OPENAI,), ("https://ror.org/00t33hh48",))
    review_ws.add_names([(made, "Tanglewick Ltd.")])
    table = {one["id"]: one for one in review_ws.institutions().to_pylist()}
    assert table[made.id]["parents"] == [OPENAI]
    changed = review_ws.edit_institution(made.id, Details("Tanglewick Automation", "US", "San Francisco", "facility"))
    assert (changed.id, changed.name, changed.parents, changed.other_ids) == (made.id, "Tanglewick Automation", (), ())
    assert [n.value for n in changed.names] == ["Tanglewick Automation", "Tanglewick Ltd."]
    assert review_ws.made_institutions == {made.id: changed}
    assert review_ws.institutions().to_pylist()[-1]["name"] == "Tanglewick Automation"


def test_the_place_is_that_of_another_institution_in_the_city(review_ws: Workspace) -> None:
    first = review_ws.add_institution(Details("Tanglewick Robotics", "GB", "York"))
    assert (first.lat, first.lon) == (None, None)
    write_table(review_ws.path / "own.csv", [replace(first, lat=53.9, lon=-1.1, region="GB-ENG")])
    second = review_ws.add_institution(Details("Yarrowby Labs", "GB", "york"))
    assert (second.lat, second.lon, second.region) == (53.9, -1.1, "GB-ENG")
    assert review_ws.edit_institution(second.id, Details("Yarrowby Labs", "GB")).lat is None


@pytest.mark.parametrize(
    ("details", "message"),
    [
        (Details("Quiet Rooms", "GB", parents=("affil:nobody",)), "affil:nobody"),
        (Details("Quiet Rooms", "GB", ror="03cve4548"), "check digits"),
        (Details("Quiet Rooms", "GB", ror="not an id"), "an id of ROR looks like"),
        (Details("OpenAI", "US"), "already an institution"),
        (Details("Quiet Rooms", "GB", ror="https://ror.org/00t33hh48"), "is an existing institution: Tanglewick Robotics"),
    ],
)
def test_what_cannot_be_is_refused_at_first_and_later(review_ws: Workspace, details: Details, message: str) -> None:
    review_ws.add_institution(Details("Tanglewick Robotics", "GB", ror="https://ror.org/00t33hh48"))
    other = review_ws.add_institution(Details("Yarrowby Labs", "GB"))
    before = (review_ws.path / "own.csv").read_bytes()
    for act in (review_ws.add_institution, partial(review_ws.edit_institution, other.id)):
        with pytest.raises(AffilError, match=message):
            act(details)
    with pytest.raises(AffilError, match="its own parent"):
        review_ws.edit_institution(other.id, Details("Yarrowby Labs", "GB", parents=(other.id,)))
    with pytest.raises(AffilError, match=OPENAI):
        review_ws.edit_institution(OPENAI, Details("OpenAI", "GB"))
    assert (review_ws.path / "own.csv").read_bytes() == before
