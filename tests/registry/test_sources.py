import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from affil.errors import AffilError, InputError
from affil.io.tables import create_table
from affil.registry.build import read_source
from affil.registry.merge import merge
from affil.registry.registry import build_registry
from affil.registry.ror import read_ror
from affil.registry.tables import read_shipped, read_table, read_usage, write_table
from affil.types import Institution, Name

V2: dict[str, Any] = {
    "id": "https://ror.org/012345678", "status": "active", "types": ["education", "funder"], "established": 1900, "domains": [],
    "names": [{"value": "Uni Exempla", "types": ["label", "ror_display"], "lang": "de"},
              {"value": "University of Exempla", "types": ["label"], "lang": "en"}, {"value": "UE", "types": ["acronym"], "lang": None}],
    "links": [{"type": "website", "value": "https://www.exempla.edu/en"}],
    "locations": [{"geonames_id": 1, "geonames_details": {"name": "Exempla", "country_code": "DE", "country_subdivision_code": "BY",
                                                          "lat": 48.5, "lng": 11.5}}],
    "relationships": [{"type": "parent", "id": "https://ror.org/087654321", "label": "System"},
                      {"type": "successor", "id": "https://ror.org/011111111", "label": "Next"}],
    "external_ids": [{"type": "grid", "all": ["grid.1.2"], "preferred": "grid.1.2"},
                     {"type": "isni", "all": ["0000 0001 2146 438X"], "preferred": None},
                     {"type": "fundref", "all": ["100000001", "100000002"], "preferred": "100000001"},
                     {"type": "wikidata", "all": ["Q49108"], "preferred": None}],
}  # fmt: skip
V1: dict[str, Any] = {
    "id": "https://ror.org/012345678", "status": "active", "types": ["Education"], "name": "Uni Exempla", "acronyms": ["UE"],
    "aliases": [], "labels": [{"label": "University of Exempla", "iso639": "en"}], "links": ["https://www.exempla.edu/en"],
    "country": {"country_code": "DE", "country_name": "Germany"},
    "addresses": [{"lat": 48.5, "lng": 11.5, "city": "Exempla", "geonames_city": {"geonames_admin1": {"code": "DE.BY"}}}],
    "relationships": [{"type": "Parent", "id": "https://ror.org/087654321", "label": "System"},
                      {"type": "Successor", "id": "https://ror.org/011111111", "label": "Next"}],
    "external_ids": {"GRID": {"preferred": "grid.1.2", "all": "grid.1.2"}, "ISNI": {"preferred": None, "all": ["0000 0001 2146 438X"]},
                     "FundRef": {"preferred": None, "all": ["100000001", "100000002"]}, "OrgRef": {"preferred": None, "all": ["1"]},
                     "Wikidata": {"preferred": None, "all": ["Q49108"]}},
}  # fmt: skip


def dump(path: Path, *records: dict[str, Any]) -> Path:
    path.write_text(json.dumps(list(records), ensure_ascii=False), "utf-8")
    return path


@pytest.mark.parametrize("record", [V1, V2], ids=["v1", "v2"])
def test_both_schemas_say_the_same(record: dict[str, Any], tmp_path: Path) -> None:
    (x,) = read_ror(dump(tmp_path / "ror.json", record))
    assert (x.id, x.name, x.kind, x.country, x.region, x.city) == (
        "https://ror.org/012345678", "Uni Exempla", "education", "DE", "DE-BY", "Exempla")  # fmt: skip
    assert (x.lat, x.lon, x.domain) == (48.5, 11.5, "exempla.edu")
    assert x.parents == ("https://ror.org/087654321",)
    assert x.successors == ("https://ror.org/011111111",)
    assert sorted(x.other_ids) == [
        "fundref:100000001",
        "fundref:100000002",
        "grid:grid.1.2",
        "isni:000000012146438X",
        "wikidata:Q49108",
    ]
    assert {(n.value, n.kind) for n in x.names} == {
        ("Uni Exempla", "official"),
        ("University of Exempla", "label"),
        ("UE", "acronym"),
    }


def test_zip_as_published_prefers_schema_v2(tmp_path: Path) -> None:
    path = tmp_path / "ror.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("v1.50-ror-data.json", json.dumps([V1] * 50))
        archive.writestr("v1.50-ror-data_schema_v2.json", json.dumps([{**V2, "types": ["company"]}]))
    assert [x.kind for x in read_ror(path)] == ["company"]


def test_truncated_zip(tmp_path: Path) -> None:
    whole = tmp_path / "ror.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ror.json", json.dumps([V2] * 99))
    half = tmp_path / "half.zip"
    half.write_bytes(whole.read_bytes()[:200])
    with pytest.raises(InputError, match=r"half\.zip: damaged or truncated archive"):
        list(read_ror(half))


@pytest.mark.parametrize(
    ("text", "message"),
    [("[{]", "line 1: broken JSON"), ("{}", "no list of records"), ("[]", "no list of records"), ('[{"names": []}]', "record 1: "),
     ('[{"id": "x"}]', "record 1: record without 'names'"),
     ('[{"id": "x", "name": "X", "country": {"country_code": "UK"}}]', "record 1: 'UK' is no ISO 3166-1 code; did you mean GB"),
     ('[{"id": "x", "name": "X", "status": "shut"}]', "record 1: no status 'shut'"),
     ('[{"id": "x", "name": "X", "addresses": [{"lat": 99, "lng": 0}]}]', "record 1: 99 is not a coordinate")],
)  # fmt: skip
def test_broken_dumps_are_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "ror.json"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        list(read_ror(path))


def test_user_table(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("id,name,country,aliases,acronyms,labels,parents,lat,lon\n"
                    "x:1,Institute One,FR,First|Number One,IO,zh:一号研究所,x:2,48.8,2.3\nx:2,Two,FR,,,,,,\n", "utf-8-sig")  # fmt: skip
    one, two = read_table(path)
    assert [(n.value, n.language, n.kind) for n in one.names] == [
        ("Institute One", "", "official"), ("First", "", "alias"), ("Number One", "", "alias"), ("IO", "", "acronym"),
        ("一号研究所", "zh", "label")]  # fmt: skip
    assert (one.parents, one.lat, two.lat) == (("x:2",), 48.8, None)


def test_user_table_in_a_chinese_encoding(tmp_path: Path) -> None:
    path = tmp_path / "own.tsv"
    text = "id\tname\tcountry\tcity\nx:1\t北京数学研究所\tcn\t北京\n\nx:2\t上海人工智能学院\tCN\t上海\n"
    path.write_bytes(text.encode("gb18030"))
    assert [(x.name, x.country, x.city) for x in read_table(path)] == [
        ("北京数学研究所", "CN", "北京"),
        ("上海人工智能学院", "CN", "上海"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [("id,name\n", "row 1: no column 'country'"), ("id,name,country,colour\n", "unknown column 'colour'"),
     ("id,name,country\na,,FR\n", "row 2: id or name is empty"), ("id,name,country\na,b,Frankonia\n", "row 2: no country 'Frankonia'"),
     ("id,name,country\na,b,FR\na,c,FR\n", "row 3: id 'a' stands in row 2"), ("id,name,country,lat\na,b,FR,99\n", "'99' is not a coordinate"),
     ("id,name,country,kind\na,b,FR,shop\n", "no kind 'shop'"), ("id,name,country\na,b\n", "row 2: has 2 fields, the header 3")],
)  # fmt: skip
def test_faults_in_a_user_table_are_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        list(read_table(path))


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("country", "UK", "'UK' is no ISO 3166-1 code; did you mean GB?"),
        ("country", "XX", "no country 'XX'; write its ISO 3166-1 code"),
        ("country", "Congo", "no country 'Congo'"),
        ("country", "", "no country ''"),
        ("kind", "university", "no kind 'university'; known are: education"),
        ("status", "closed", "no status 'closed'; known are: active"),
        ("region", "California", "'California' is no ISO 3166-2 code; did you mean US-CA?"),
        ("region", "CA", "did you mean US-CA?"),
        ("region", "US-ZZ", "'US-ZZ' is no ISO 3166-2 code of a region of US"),
        ("region", "DE-BY", "'DE-BY' is no ISO 3166-2 code of a region of US"),
        ("lat", "48.1", "latitude and longitude go together"),
        ("lat", "north", "'north' is not a coordinate; write degrees from -90 to 90"),
        ("lon", "181", "'181' is not a coordinate; write degrees from -180 to 180"),
        ("lat", "nan", "'nan' is not a coordinate"),
        ("successor_from", "20x1", "'20x1' is not a year"),
        ("labels", "cn:北京大学", "no language 'cn'"),
        ("domain", "a.edu, b.edu", "is not an internet domain"),
        ("domain", "someone@a.edu", "is not an internet domain"),
        ("id", "my lab", "'my lab' cannot be an id"),
        ("id", "none", "'none' cannot be an id"),
        ("parents", "https://ror.org/00t33hh49", "the check digits of the ROR id 00t33hh49 are wrong"),
        ("parents", "x:1", "x:1 cannot be its own parent"),
        ("other_ids", "isni:0000000419370483", "the check digit of the ISNI is wrong"),
        ("other_ids", "grid.10784", "an id of grid looks like grid.10784.3a"),
        ("successors", "https://www.wikidata.org/wiki/Property:P31", "an id of wikidata looks like wikidata:Q49108"),
    ],
)
def test_coded_values_of_a_user_table_are_checked(column: str, value: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    rows = [{"id": "x:0", "name": "Good", "country": "US"}, {"id": "x:1", "name": "Bad", "country": "US", column: value}]
    path.write_text("".join(json.dumps({column: None, **row}) + "\n" for row in rows))
    with pytest.raises(InputError) as error:
        build_registry([path], tmp_path / "own.affil")
    assert str(error.value).startswith(f"{path}, row 2: ")
    assert message in str(error.value)
    assert sorted(tmp_path.iterdir()) == [path]


def test_values_of_a_user_table_come_as_people_write_them(tmp_path: Path) -> None:
    values = {
        "id": "x:1", "name": "A", "country": "United Kingdom", "kind": "Education", "status": "Active", "region": "gb-oxf",
        "domain": "https://www.A.ac.uk/en|mail.a.ac.uk", "labels": "zh-Hant:甲|de: Ah", "successor_from": "2020.0",
    }  # fmt: skip
    path = tmp_path / "own.parquet"
    with create_table(path, dict.fromkeys(values, "string")) as table:
        table.write({column: [value] for column, value in values.items()})
    (one,) = read_source(path)
    assert (one.country, one.kind, one.status, one.region, one.successor_from) == ("GB", "education", "active", "GB-OXF", 2020)
    assert (one.domain, one.other_domains) == ("a.ac.uk", ("mail.a.ac.uk",))
    assert one.names[1:] == (Name("甲", "zh-hant", "label"), Name("Ah", "de", "label"))


@pytest.mark.parametrize("column", ["parents", "successors"])
def test_an_institution_that_no_source_has_is_refused_where_a_row_names_it(column: str, tmp_path: Path) -> None:
    own, more = tmp_path / "own.csv", tmp_path / "more.csv"
    own.write_text(f"id,name,country,{column}\nx:1,Quellwald Institute,FR,\nx:2,Bayview College,FR,x:1|affil:c\n")
    more.write_text("id,name,country,other_ids\nx:3,Citadel College,FR,affil:c\n")
    with pytest.raises(InputError, match=r"own\.csv, row 3: no source has an institution 'affil:c'; "):
        build_registry([own], tmp_path / "own.affil")
    assert getattr(build_registry([own, more], tmp_path / "own.affil").get("x:2"), column) == ("x:1", "x:3")


def make(ident: str, name: str, country: str = "FR", *others: str) -> Institution:
    return Institution(
        ident, name, tuple(Name(n, "", "official" if n == name else "alias") for n in (name, *others)), country=country
    )


def test_earlier_sources_lie_over_later_ones() -> None:
    (x,) = merge([[make("a", "New Name", "FR", "Short")], [make("a", "Old Name", "FR", "Other")]])
    assert x.name == "New Name"
    assert [(n.value, n.kind) for n in x.names] == [
        ("New Name", "official"),
        ("Short", "alias"),
        ("Old Name", "label"),
        ("Other", "alias"),
    ]


def test_a_local_id_takes_the_ror_id_of_the_one_record_with_its_name() -> None:
    child = Institution("affil:lab", "Lab", (Name("Lab", "", "official"),), country="FR", parents=("affil:one",))
    ror = [make("https://ror.org/1", "Institute One"), make("https://ror.org/2", "Institute One", "DE")]
    merged = {x.id: x for x in merge([[make("affil:one", "The Institute One", "FR", "一号"), child], ror])}
    assert set(merged) == {"https://ror.org/1", "https://ror.org/2", "affil:lab"}
    assert {n.value for n in merged["https://ror.org/1"].names} == {"The Institute One", "一号", "Institute One"}
    assert merged["affil:lab"].parents == ("https://ror.org/1",)


def test_a_name_that_two_records_bear_is_not_merged() -> None:
    ror = [make("https://ror.org/1", "General Hospital"), make("https://ror.org/2", "General Hospital")]
    assert len(merge([[make("affil:x", "General Hospital")], ror])) == 3


def test_rows_under_an_id_of_before_add_to_the_institution_of_today(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text("id,name,country,aliases,parents\naffil:one,Our Name,FR,Short,\nx:lab,Lab,FR,,affil:one\n"
                   "grid.1.2,Institute Two,DE,Deux,\n")  # fmt: skip
    one = replace(make("https://ror.org/02r467z23", "Institute One"), other_ids=("affil:one",))
    two = replace(make("https://ror.org/042nb2s44", "Institute Two", "DE"), other_ids=("grid:grid.1.2",))
    for sources in ([list(read_table(own)), [one, two]], [[one, two], list(read_table(own))]):
        merged = {x.id: x for x in merge(sources)}
        assert set(merged) == {one.id, two.id, "x:lab"}
        assert merged["x:lab"].parents == (one.id,)
        assert {n.value for n in merged[one.id].names} == {"Our Name", "Short", "Institute One"}
        assert "Deux" in {n.value for n in merged[two.id].names}
        assert (merged[one.id].other_ids, merged[two.id].other_ids) == (("affil:one",), ("grid:grid.1.2",))
        assert merged[one.id].name == ("Our Name" if sources[0][0].id == "affil:one" else "Institute One"), "earlier over later"


def test_an_id_that_two_have_merges_with_the_active_one_or_none() -> None:
    rivals = [replace(make(f"https://ror.org/{n}", f"Institute {n}"), other_ids=("affil:x",)) for n in "12"]
    assert len(merge([[make("affil:x", "X")], rivals])) == 3
    closed = [rivals[0], replace(rivals[1], status="inactive")]
    assert {x.id: x.name for x in merge([[make("affil:x", "X")], closed])} == {rivals[0].id: "X", rivals[1].id: "Institute 2"}


def test_a_local_id_that_takes_a_ror_id_stays_as_another_id() -> None:
    (x,) = merge([[make("affil:one", "Institute One")], [make("https://ror.org/1", "Institute One")]])
    assert (x.id, x.other_ids) == ("https://ror.org/1", ("affil:one",))


def test_ids_of_ror_in_a_user_table_come_in_any_form_and_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(
        "id,name,country,parents,other_ids,ror_source\nWWW.ROR.ORG/00T33HH48/,A,HK,042nb2s44,grid.10784.3a|x:1,a list\n"
    )
    (one,) = read_table(path)
    assert (one.id, one.parents) == ("https://ror.org/00t33hh48", ("https://ror.org/042nb2s44",))
    assert one.other_ids == ("grid:grid.10784.3a", "x:1")
    write_table(tmp_path / "again.csv", [one])
    assert list(read_table(tmp_path / "again.csv")) == [one]
    path.write_text("id,name,country\nhttps://ror.org/00t33hh49,A,HK\n")
    with pytest.raises(InputError, match=r"own\.csv, row 2: .*the check digits of the ROR id 00t33hh49 are wrong"):
        list(read_table(path))


def test_the_shipped_table_of_other_ids_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("affil.registry.tables.resources.files", lambda _: tmp_path)
    data = tmp_path / "data"
    data.mkdir()
    columns = "id,name,kind,country,region,city,lat,lon,domain,parents,successors,status,ror_source"
    (data / "institutions.csv").write_text(f"{columns}\nhttps://ror.org/00t33hh48,A,education,HK,,,,,,,,active,a list\n")
    (data / "names.csv").write_text(
        "id,name,language,kind,until\nhttps://ror.org/00t33hh48,A,en,official,\nhttps://ror.org/00t33hh48,a.hk,,domain,\n"
    )
    (data / "alternative_ids.csv").write_text(
        "institution_id,id\nhttps://ror.org/00t33hh48,affil:a\nhttps://ror.org/00t33hh48,grid.10784.3a\n"
    )
    (data / "usage.csv").write_text("id,mentions\nhttps://ror.org/00t33hh48,7\n")
    monkeypatch.setattr("affil.registry.tables.read_usage", read_usage.__wrapped__)  # no other test's
    (data / "successors.csv").write_text("id,successor_from\n")
    (one,) = read_shipped()
    assert one.other_ids == ("affil:a", "grid:grid.10784.3a")
    assert one.usage == 7
    assert one.names == (Name("A", "en", "official"),)
    assert one.other_domains == ("a.hk",)


def test_usage_is_known_whatever_the_source(tmp_path: Path) -> None:
    identifier, mentions = max(read_usage().items(), key=lambda item: (item[0].startswith("https://ror.org/"), item[1]))
    path = tmp_path / "own.csv"
    path.write_text(f"id,name,country\n{identifier},Quellwald Institute,HK\nx:1,Bayview College,HK\n")
    registry = build_registry([path], tmp_path / "own.affil")
    assert (registry.get(identifier).usage, registry.get("x:1").usage) == (mentions, 0)


def test_a_user_table_may_hold_several_domains(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("id,name,country,domain\nx:1,Quellwald Institute,DE,quellwald.de|Mail.Quellwald.org\nx:2,Two,FR,\n")
    one, two = read_table(path)
    assert (one.domain, one.other_domains) == ("quellwald.de", ("mail.quellwald.org",))
    assert (two.domain, two.other_domains) == ("", ())
    write_table(tmp_path / "again.csv", [one, two])
    assert list(read_table(tmp_path / "again.csv")) == [one, two]
    built = build_registry([path], tmp_path / "own.affil").get("x:1")
    assert (built.other_domains, built.names) == (one.other_domains, one.names)


def test_a_user_table_may_be_a_workbook_or_of_another_encoding(tmp_path: Path) -> None:
    columns = {
        "id": ["x:1"],
        "name": ["Größtes Institut"],
        "country": ["DE"],
        "lat": [50],
        "lon": [8],
        "successor_from": [None],
    }
    with create_table(tmp_path / "own.xlsx", dict.fromkeys(columns, "string")) as table:
        table.write(columns)
    (tmp_path / "own.csv").write_text("id;name;country;lat;lon\nx:1;Größtes Institut;DE;50;8\n", "cp1252")
    for name in ("own.xlsx", "own.csv"):
        (one,) = read_source(tmp_path / name)
        assert (one.name, one.lat, one.lon) == ("Größtes Institut", 50.0, 8.0)


def test_joined_sources_keep_the_further_domains_of_both() -> None:
    above = Institution("x:1", "A", country="DE", domain="a.de", other_domains=("mail.a.de",))
    below = Institution("x:1", "A", country="DE", domain="a.org", other_domains=("mail.a.de", "a.eu"))
    (one,) = merge([[above], [below]])
    assert (one.domain, one.other_domains) == ("a.de", ("mail.a.de", "a.eu"))


def test_a_registry_whose_names_name_nobody_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("id,name,country\nx:1,A,FR\n")
    with pytest.raises(AffilError, match="no institution of the sources has a name that tells it"):
        build_registry([tmp_path / "own.csv"], tmp_path / "own.affil")


def test_unknown_sources_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_source(tmp_path / "none.zip")
    (tmp_path / "x.docx").write_text("")
    with pytest.raises(InputError, match="unknown kind of source"):
        read_source(tmp_path / "x.docx")


def test_a_failing_build_leaves_the_old_file(tmp_path: Path) -> None:
    out = tmp_path / "built.affil"
    build_registry([dump(tmp_path / "ror.json", V2)], out)
    before = out.read_bytes()
    (tmp_path / "bad.json").write_text("[{")
    with pytest.raises(InputError):
        build_registry([tmp_path / "bad.json"], out)
    assert out.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.json", "built.affil", "ror.json"]


def test_two_of_one_source_are_two_whatever_they_are_called() -> None:
    """Two colleges of one name in one table, one without a ROR id: its author knows them as two."""
    two = [make("https://ror.org/1", "Citadel"), make("affil:citadel", "Citadel")]
    assert {x.id for x in merge([two])} == {x.id for x in two}
    assert {x.id for x in merge([two, [make("https://ror.org/1", "The Citadel")]])} == {x.id for x in two}
    assert {x.id for x in merge([[two[1]], [two[0]]])} == {two[0].id}
