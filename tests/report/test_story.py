"""The sentences, on made-up data that make each condition true and false."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affil.rank import AreaShare, Comparison, Coverage, Level, Ranking, Trend
from affil.rank.families import Family
from affil.rank.leads import Lead
from affil.rank.matched import Link
from affil.report import i18n
from affil.report.collect import collect
from affil.report.formats import Names
from affil.report.pages.home import Teller
from affil.report.story import (
    Area,
    Named,
    Said,
    Sentence,
    Source,
    Together,
    asia,
    first_places,
    gap,
    growth,
    growth_basis,
    latest,
    leader,
    moves,
    passed,
    rose,
    say,
    story,
    uneven,
)
from affil.settings import RankSettings, ReportSettings
from affil.wording import Name

COVERAGE = Coverage(1000, 0.9, 0.05, 0.03, 0.02, 0.0, 0.0, 500, 0, 0, 0, (), (), 400.0, 0.95, 0.0)


def ranking(
    shares: dict[str, float], level: Level = "country", papers: int = 500, credit: float = 400.0, **columns: Any
) -> Ranking:
    frame = pd.DataFrame({"id": [*shares], "name": [*shares], "share": [*shares.values()], **columns})
    frame = frame.assign(adjusted=frame["share"] * credit, rank=frame["share"].rank(method="min", ascending=False).astype(int))
    frame = frame.sort_values(["rank", "id"]).reset_index(drop=True)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    return Ranking(table, replace(COVERAGE, papers=papers, credit=credit), RankSettings(), level, "adjusted")


def trend(
    counted: dict[str, list[float]],
    grown: dict[str, float],
    last: dict[str, float] | None = None,
    lacking: tuple[str, ...] = (),
) -> Trend:
    """A trend of the years 2019 to 2021, all in one venue."""
    years = (2019, 2020, 2021)
    frame = pd.DataFrame.from_dict(counted, orient="index", columns=list(years)).rename_axis("id").reset_index()
    frame.insert(1, "name", frame["id"])
    matched = frame.copy()
    base = Link(years, ("A",), (150, 200, 250), (200, 300, 500))
    frame["growth"], frame["growth_last"] = frame["id"].map(grown), frame["id"].map(last or grown)
    return Trend(
        frame,
        matched,
        matched,
        "country",
        "publications",
        years,
        base,
        Link((2020, 2021), ("A",), (200, 300), (200, 400)),
        (),
        (),
        RankSettings(),
        lacking,
        2021,
        dict.fromkeys(years, ("A",)),
        ("A",),
        False,
        {},
    )


def source(**changed: Any) -> Source:
    """Two countries and all that the sentences need; the parts may be changed."""
    shares = {"US": 0.4, "CN": 0.3, "GB": 0.1}
    made: dict[str, Any] = {
        "rankings": {
            ("country", "adjusted"): ranking(shares),
            ("country", "robotics"): ranking({"US": 0.4, "CN": 0.1}),
            ("country", "computer vision"): ranking({"US": 0.4, "CN": 0.5}),
            ("city", "adjusted"): ranking({"a": 0.5, "b": 0.3, "c": 0.2}, "city"),
            ("institution", "adjusted"): ranking(
                {"g": 0.4, "u": 0.3, "v": 0.2, "w": 0.1}, "institution", kind=["company", *["education"] * 3]
            ),
        },
        "trends": {
            ("country", "publications"): trend(
                {"US": [100, 110, 120], "CN": [40, 60, 96], "GB": [20, 20, 20]}, {"US": 0.2, "CN": 1.4, "GB": 0.0}
            )
        },
        "comparisons": {
            ("institution", "moved"): comparison([("u", 30.0, 20.0, 1, 4), ("g", 20.0, 30.0, 2, 1), ("w", 3.0, 0.1, 3, 90)])
        },
        "report": ReportSettings(),
        "profiles": {
            "US": {"robotics": AreaShare(0.4, 0.4), "computer vision": AreaShare(0.4, 0.4)},
            "CN": {"robotics": AreaShare(0.1, 0.2), "computer vision": AreaShare(0.5, 0.4)},
        },
    }
    return Source(**{**made, **changed})


def comparison(rows: list[tuple[str, float, float, int, int]], lacking: tuple[str, ...] = ()) -> Comparison:
    frame = pd.DataFrame(rows, columns=["id", "after", "before", "rank_after", "rank_before"]).assign(name=[r[0] for r in rows])
    return Comparison(frame, (Link((2016, 2021), ("A",), (100, 200), (200, 300)),), lacking, "institution", "adjusted")


def with_country(shares: dict[str, float], **more: Any) -> Source:
    known = source()
    return replace(known, rankings={**known.rankings, ("country", "adjusted"): ranking(shares, **more)})


NAMES = {
    "en": {"US": "United States", "CN": "China"},
    "zh-hans": {"US": "美国", "CN": "中国"},
    "zh-hant": {"US": "美國", "CN": "中國"},
}


def speaker(language: str) -> Any:
    """What a teller needs of a frame: the texts and names of a language."""
    return SimpleNamespace(
        language=language,
        text=lambda key, *values: i18n.text(key, language, *values),
        name=lambda level, code: NAMES[language][code],
        names=Names(language),
        data=SimpleNamespace(entities={}),
        beside=lambda name, more: i18n.text("beside", language, name, more) if more else name,
        sentences=lambda *told: (" " if language == "en" else "").join(filter(None, told)),
        grouped=lambda: "",
    )


def keys(sentence: Sentence | None) -> list[str]:
    assert sentence is not None
    return [c.key for c in sentence.caveats]


def test_all_are_told_in_order_with_a_table_behind_each() -> None:
    told = story(source())
    assert [s.topic for s in told] == ["leader", "gap", "growth", "rose", "uneven", "latest", "places"]
    assert all(s.link for s in told)
    assert all(s.chart and s.caveats for s in told[:6])


def test_of_few_papers_nothing_is_said() -> None:
    few = with_country({"US": 0.6, "CN": 0.4}, papers=99)
    assert story(few) == ()
    assert story(replace(few, report=ReportSettings(story_papers=99)))


def test_the_leader_is_told_with_the_second_and_what_is_not_certain() -> None:
    said = leader(source())
    assert said is not None
    assert said.said.key == "s_leader"
    assert said.said.values == (Named("country", "US"), "40%", Named("country", "CN"), "30%")
    assert keys(said) == ["s_review"]
    assert keys(leader(with_country({"US": 0.4, "CN": 0.3}, ahead=[0.5, 1.0]))) == ["s_review", "s_close"]


def test_who_would_lead_with_hong_kong_counted_the_other_way_stands_beside_the_leader() -> None:
    known = source()

    def beside(other: Ranking) -> list[Said]:
        said = leader(replace(known, rankings={**known.rankings, ("country", "hong_kong"): other}))
        assert said is not None
        return [*said.beside]

    china = replace(ranking({"US": 0.4, "CN": 0.45, "GB": 0.1}), hong_kong="with")
    leads = Said("s_leader", (Named("country", "CN"), "45%", Named("country", "US"), "40%"))
    assert beside(china) == [Said("s_if_with", (leads,))]
    assert [c.key for c in beside(replace(china, hong_kong="apart"))] == ["s_if_apart"]
    assert beside(replace(ranking({"US": 0.4, "CN": 0.39}), hong_kong="with")) == [], (
        "where the same country leads there is nothing to say"
    )


def test_growth_says_what_it_compares_and_what_not() -> None:
    (whole,) = source().trends.values()

    def told(**changed: Any) -> list[Said]:
        said = growth(source(trends={("country", "publications"): replace(whole, **changed)}))
        assert said is not None
        return [*said.caveats]

    basis = Said("growth_basis", (2019, 2021, ("A",), "75%", "50%", Said("measures.publications")))
    assert told() == [Said("growth_differs"), basis]
    later = Link((2020, 2021), ("A",), (200, 250), (300, 500))
    assert told(base=later)[2] == Said("growth_from", (2019, 2021, "50%", 100))
    assert told(left_out=("B", "C"))[2] == Said("growth_left_out", (("B", "C"),))
    assert growth_basis(replace(whole, base=None)) == (Said("growth_none", ("50%", 100)),)


def lead(**changed: Any) -> Lead:
    known = Lead(("A",), 2020, 2021, ("CN", "US"), ("China", "United States"), (1359.0, 928.0), (585.0, 594.0), 400)
    return replace(known, **changed)


def test_a_lead_that_changed_hands_is_told_with_its_venues_years_and_numbers() -> None:
    (known,) = source().trends.values()

    def told(*leads: Lead) -> Sentence | None:
        return passed(source(trends={("country", "publications"): replace(known, leads=leads)}))

    assert told() is None
    china, states = Named("country", "CN"), Named("country", "US")
    first = told(lead(), lead(venues=("B",)))
    assert first is not None
    assert first.said == Said("s_passed", (Said("s_at", (("A",),)), china, states, 2021, "1,359", "928"))
    assert first.caveats == (Said("s_passed_before", (2020, china, "585", states, "594")),)
    apart = told(lead(before=2016))
    assert apart is not None
    assert apart.said == Said("s_passed_between", (Said("s_at", (("A",),)), china, states, 2016, 2021, "1,359", "928"))
    many = told(lead(venues=("A", "B", "C", "D")))
    assert many is not None
    assert many.said.values[0] == Said("s_at_many", ("4",))
    assert many.caveats[1] == Said("s_venues", (("A", "B", "C", "D"),))


def test_a_tie_is_a_tie_and_one_country_leads_nobody() -> None:
    tie = leader(with_country({"US": 0.4, "CN": 0.4}))
    assert tie is not None
    assert tie.said.key == "s_tie"
    assert leader(with_country({"US": 1.0})) is None
    assert gap(with_country({"US": 1.0})) is None
    assert growth(with_country({"US": 1.0})) is None
    assert uneven(with_country({"US": 1.0})) is None


@given(*[st.floats(1, 1000)] * 4)
def test_the_gap_is_what_the_ratio_does(first: float, first_now: float, second: float, second_now: float) -> None:
    numbers = {"US": [first, 1, first_now], "CN": [second, 1, second_now]}
    said = gap(source(trends={("country", "publications"): trend(numbers, {})}))
    before, now = second / first, second_now / first_now
    wanted = (
        "ahead"
        if min(before, now) >= 1
        else "passed"
        if before < 1 < now
        else "back"
        if now < 1 < before
        else "closing"
        if now >= before * 1.05
        else "widening"
        if now * 1.05 <= before
        else "steady"
    )
    assert said is not None
    assert said.said.key == f"s_gap_{wanted}"
    assert said.said.values[2:] == (f"{before:.0%}", 2019, f"{now:.0%}", 2021, Said("s_at", (("A",),)))
    assert said.beside == (), "all papers say the same"


def test_without_years_to_compare_there_is_no_gap_growth_or_latest_year() -> None:
    known = source()
    (before,) = known.trends.values()
    alone = replace(known, trends={("country", "publications"): replace(before, base=None, step=None)})
    assert gap(alone) is None
    assert growth(alone) is None
    assert latest(alone) is None
    assert gap(source(trends={("country", "publications"): trend({"US": [10, 1, 1], "CN": [0, 1, 1]}, {})})) is None


def test_growth_names_who_grew_most_beside_the_leader_and_leaves_small_numbers_out() -> None:
    said = growth(source())
    assert said is not None
    assert said.said.values == (
        "3",
        Named("country", "CN"),
        "2.4",
        2019,
        2021,
        Named("country", "US"),
        "1.2",
        Said("s_at", (("A",),)),
    )
    china, states = Named("country", "CN"), Named("country", "US")
    told = (china, "40", "96", states, "100", "120", "150", "250", "1.7")
    assert said.beside == (Said("s_growth_slower", told),), (
        "more papers of all there, in which the share of the United States is less"
    )
    assert said.chart is not None
    assert said.chart.rows[-1] == (Said("all_there"), "", 250 / 150)
    tiny = trend({"US": [100, 1, 1], "CN": [40, 1, 1], "GB": [9, 1, 1]}, {"US": 0.2, "CN": 1.4, "GB": 50.0})
    said = growth(source(trends={("country", "publications"): tiny}))
    assert said is not None
    assert said.said.values[1] == Named("country", "CN")


@pytest.mark.parametrize(("numbers", "slower"), [([100, 1, 120], True), ([100, 1, 170], False), ([100, 1, 90], False)])
def test_a_share_that_fell_though_papers_became_more_is_said_to_have_fallen(numbers: list[float], slower: bool) -> None:
    """The papers of all grow from 150 to 250; whose papers became fewer needs no such word."""
    grown = {"US": numbers[2] / numbers[0] - 1, "CN": 1.4}
    said = growth(source(trends={("country", "publications"): trend({"US": numbers, "CN": [40, 60, 96]}, grown)}))
    assert said is not None
    assert [one.key for one in said.beside] == ["s_growth_slower" if slower else "s_growth_from"]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        (
            "en",
            "At A, of the top 3 countries and regions China grew most: from 2019 to 2021 its papers became 2.4 times as many "
            "(the United States: 1.2 times). China went from 40 to 96 papers, the United States from 100 to 120; all papers there went "
            "from 150 to 250, 1.7 times as many, so the share of them that names the United States fell.",
        ),
        (
            "zh-hans",
            "在 A，前 3 名国家和地区当中，中国增长最多：2019 年至 2021 年论文数增至 2.4 倍（美国：1.2 倍）。中国由 40 篇变为 96 篇，美国由 "
            "100 篇变为 120 篇；同期，上述会议与期刊的全部论文由 150 篇变为 250 篇，为原来的 1.7 倍，因此美国在其中的占比下降。",
        ),
        (
            "zh-hant",
            "在 A，前 3 名國家和地區當中，中國增長最多：2019 年至 2021 年論文數增至 2.4 倍（美國：1.2 倍）。中國由 40 篇變為 96 篇，美國由 "
            "100 篇變為 120 篇；同期，上述會議與期刊的全部論文由 150 篇變為 250 篇，為原來的 1.7 倍，因此美國在其中的佔比下降。",
        ),
    ],
)
def test_growth_is_told_with_the_papers_of_both_years_in_three_languages(language: str, sentences: str) -> None:
    said, teller = growth(source()), Teller(speaker(language))
    assert said is not None
    assert teller.frame.sentences(*map(teller.say, (said.said, *said.beside))) == sentences


@pytest.mark.parametrize(
    ("language", "axis"),
    [
        ("en", "Papers of China as a percentage of those of the United States"),
        ("zh-hans", "中国论文数相当于美国的百分比"),
        ("zh-hant", "中國論文數相當於美國的百分比"),
    ],
)
def test_the_chart_of_the_gap_says_whose_papers_are_set_against_whose(language: str, axis: str) -> None:
    said = gap(source())
    assert said is not None
    figure = Teller(speaker(language)).chart(said)
    assert figure is not None
    assert figure.columns == ({"en": "Year"}.get(language, "年"), NAMES[language]["CN"])
    assert [p["value"] for p in figure.spec["params"] if p["name"] == "axis"] == [axis]
    assert figure.label.count(axis) == 0, "who sees the chart alone reads the title of its axis once"


@pytest.mark.parametrize("grown", [{"US": float("nan"), "CN": 1.0}, {"US": 0.2, "CN": 0.2}, {"US": -0.2, "CN": -0.1}])
def test_growth_that_is_unknown_equal_or_none_is_not_told(grown: dict[str, float]) -> None:
    numbers = {"US": [100.0, 1.0, 1.0], "CN": [40.0, 1.0, 1.0]}
    assert growth(source(trends={("country", "publications"): trend(numbers, grown)})) is None


def test_an_incomplete_last_year_is_said_wherever_it_is_compared() -> None:
    lacking = trend({"US": [100, 110, 120], "CN": [40, 60, 96]}, {"US": 0.2, "CN": 1.4}, lacking=("B",))
    told = source(
        trends={("country", "publications"): lacking},
        comparisons={("institution", "moved"): comparison([("u", 30, 20, 1, 4)], ("B",))},
    )
    for teller in (gap, growth, latest, rose):
        assert keys(teller(told))[-1] == "incomplete"
        assert "incomplete" not in keys(teller(source()))
    drawn = gap(told)
    assert drawn is not None
    assert drawn.chart is not None
    assert [when for _, when, _ in drawn.chart.rows] == ["2019", "2020", "2021*"]


def test_what_all_papers_say_stands_beside_where_it_is_something_else() -> None:
    """China comes closer at A, while in all papers it falls behind and has fewer."""
    counted = trend({"US": [100, 110, 220], "CN": [60, 60, 50], "GB": [20, 20, 20]}, {"US": 0.2, "CN": 1.4, "GB": 0.0})
    at_a = trend({"US": [50, 55, 60], "CN": [20, 30, 48], "GB": [20, 20, 20]}, {}).matched
    told = source(trends={("country", "publications"): replace(counted, matched=at_a)})
    said, grown = gap(told), growth(told)
    assert said is not None
    assert said.said.key == "s_gap_closing"
    assert said.said.values[2:6] == ("40%", 2019, "80%", 2021)
    assert said.beside == (Said("s_gap_all", (2019, 2021, "60%", "23%")),)
    assert grown is not None
    all_papers = (2019, 2021, Named("country", "CN"), "0.8", Named("country", "US"), "2.2")
    assert grown.beside[1:] == (Said("s_growth_all", all_papers),)


def test_the_last_two_years_are_told_only_over_most_of_their_papers() -> None:
    (known,) = source().trends.values()
    thin = replace(known, step=Link((2020, 2021), ("A",), (99, 300), (200, 400)))
    assert latest(source(trends={("country", "publications"): thin})) is None
    assert latest(source(trends={("country", "publications"): thin}, report=ReportSettings(story_last=0.49))) is not None
    enough = replace(known, step=Link((2020, 2021), ("A",), (100, 300), (200, 400)))
    assert latest(source(trends={("country", "publications"): enough})) is not None


def test_who_rose_has_a_minimum_of_output_and_is_among_the_first() -> None:
    said = rose(source())
    assert said is not None
    assert said.said.values == ("20", Named("institution", "u"), "2016", "2021", "4", "1")
    every = rose(source(report=ReportSettings(moved=0)))
    assert every is not None
    assert every.said.values[1] == Named("institution", "w")
    among = rose(source(report=ReportSettings(moved=0, rose_among=2)))
    assert among is not None
    assert among.said.values[1] == Named("institution", "u")
    assert rose(source(comparisons={})) is None
    assert rose(source(comparisons={("institution", "moved"): comparison([("g", 20, 30, 2, 1)])})) is None


def test_movers_of_too_little_output_are_left_out() -> None:
    compared = comparison([("u", 3.0, 2.0, 1, 4), ("g", 20.0, 30.0, 2, 1), ("w", 3.0, 11.0, 3, 9)])
    assert [m["id"] for m in moves(compared, 200, 10)] == ["w", "g"]
    assert [m["id"] for m in moves(compared, 2, 0)] == ["u", "g"]


def test_a_country_is_uneven_where_its_shares_differ_enough_from_what_is_expected() -> None:
    said = uneven(source())
    assert said is not None
    values = (Named("country", "CN"), Area("computer vision"), "50.0%", "1.2", Area("robotics"), "10.0%", "0.5")
    assert said.said.values == values
    assert keys(said)[:2] == ["s_expected", "s_areas"]
    fewer = uneven(source(report=ReportSettings(uneven_among=2)))
    assert fewer is not None and fewer.said == said.said
    assert fewer.caveats[:2] == (Said("s_expected"), Said("s_among", ("2",))), "others may be more so"
    assert uneven(source(report=ReportSettings(uneven=2.51))) is None
    known = source()
    small = {**known.rankings, ("country", "robotics"): ranking({"US": 0.4, "CN": 0.1}, papers=99)}
    assert uneven(replace(known, rankings=small)) is None
    nothing = {"CN": {"robotics": AreaShare(0.0, 0.2), "computer vision": AreaShare(0.5, 0.4)}}
    absent = uneven(replace(known, profiles=nothing))
    assert absent is not None
    assert absent.said.values[-2:] == ("0.0%", "0.0")


def test_shares_of_areas_of_different_years_alone_make_no_country_uneven() -> None:
    """China has half of vision and a tenth of robotics, as its papers of the same years lead to expect."""
    grown = {"CN": {"robotics": AreaShare(0.1, 0.1), "computer vision": AreaShare(0.5, 0.5)}}
    assert uneven(source(profiles=grown)) is None
    assert uneven(source(profiles={})) is None


def test_the_latest_year_is_compared_over_the_venues_of_both() -> None:
    said = latest(source())
    assert said is not None
    assert said.said.values == (2020, 2021, "+50.0%", Named("country", "US"), "+20.0%")
    assert [c.values for c in said.caveats[:2]] == [("1", 2020, "200", 2021, "300"), ("83%",)]


def test_asian_countries_among_the_first_ten() -> None:
    ten = ("US", "CN", "JP", "GB", "DE", "FR", "KR", "SG", "CA", "AU")
    said = asia(with_country({c: 0.2 - k / 100 for k, c in enumerate(ten)}))
    assert said is not None
    assert said.said.values == ("4", tuple(Named("country", c) for c in ("CN", "JP", "KR", "SG")))
    assert said.chart is not None
    assert [(who, round(share, 2)) for who, _, share in said.chart.rows] == [
        (Named("country", c), share) for c, share in (("CN", 0.19), ("JP", 0.18), ("KR", 0.14), ("SG", 0.13))
    ]
    assert [c.key for c in said.caveats] == ["s_review"]
    assert asia(source()) is None
    assert (
        asia(
            with_country({c: 0.2 - k / 100 for k, c in enumerate(("US", "GB", "DE", "FR", "CA", "AU", "IT", "ES", "NL", "BE"))})
        )
        is None
    )


def test_first_cities_and_universities_need_three_each() -> None:
    said = first_places(source())
    assert said is not None
    assert said.said.values[1:] == (tuple(Named("institution", i) for i in "uvw"), Named("institution", "g"))
    assert said.chart is not None
    assert [who for who, _, _ in said.chart.rows][:3] == [*said.said.values[0]]
    known = source()
    assert first_places(replace(known, rankings={**known.rankings, ("city", "adjusted"): ranking({"a": 0.5}, "city")})) is None
    own = Family(("u", "lab"), (Name("U"), Name("Lab")), "u", Name("U"), 1)
    far = Family(("w", "x"), (Name("W"), Name("X")), "y", Name("Y"), 11)
    other = replace(far, ids=("v", "x"), rank=3)
    institutions = replace(known.rankings["institution", "adjusted"], families=(own, far, other))
    apart = first_places(replace(known, rankings={**known.rankings, ("institution", "adjusted"): institutions}))
    assert apart is not None
    assert apart.caveats[1:] == (
        Said("family", (Together((Named("institution", "u"), Named("institution", "lab"))), "1")),
        Said("family_as", (Together((Named("institution", "v"), Named("institution", "x"))), Named("institution", "y"), "3")),
    ), "counted apart, as one they would be among the first"
    told = say(apart.caveats[1], lambda key, *values: i18n.text(key, "en", *values), lambda _, one: one.upper(), str)
    assert told == "U and LAB are counted apart; as one they have rank 1."


VENUES = ("CVPR", "ACL", "NeurIPS", "ICRA")


def world(without: str = "", steady: bool = False) -> list[dict[str, Any]]:
    """Papers of one author of each year 2012 to 2021. Institutions grow in the same way in all venues; `steady`: all alike."""
    base, grown = {0: 12, 2: 3, 5: 8, 8: 10, 10: 4}, {0: 1.0, 2: 1.5, 5: 1.1, 8: 1.0, 10: 1.2}
    named = {
        0: "Institute AA of Boston",
        2: "Institute AC of Beijing",
        5: "Institute AF of Oxford",
        8: "Institute AI of Boston",
        10: "Institute AK of Beijing",
    }
    out = []
    for year in range(2012, 2022):
        for venue in VENUES:
            for k, name in named.items():
                number = 4 + k if steady else round(base[k] * (1 + (year - 2012) * (grown[k] - 1) * 2))
                for i in range(number if (venue, year) != (without, 2021) else 0):
                    authors = [{"name": f"Author {i}", "affiliations": [f"{name} (0.99)"]}]
                    out.append(
                        {
                            "id": f"{venue}{year}{k}-{i}",
                            "title": f"{venue} {year} {k} {i}",
                            "venue": venue,
                            "year": year,
                            "authors": authors,
                        }
                    )
    return out


def told(ws: Any) -> dict[str, Sentence]:
    data = collect(ws, bulletin=True)
    return {
        s.topic: s for s in story(Source(data.rankings, data.trends, data.comparisons, data.report, data.profiles["country"]))
    }


def numbers_of(sentence: Sentence) -> tuple[Any, ...]:
    """What a sentence says, but for the venues of which it says so."""
    return (sentence.said.key, *(v for v in sentence.said.values if not (isinstance(v, Said) and v.key.startswith("s_at"))))


SETTINGS = "[report]\nyears = 5\n"


def test_a_venue_that_vanishes_in_the_last_year_changes_no_growth_no_mover_and_no_sentence(
    workspace: Any, tmp_path_factory: Any
) -> None:
    from tests.report.conftest import make_workspace

    whole = told(workspace(SETTINGS, world()))
    lacking = told(make_workspace(tmp_path_factory.mktemp("lacking"), SETTINGS, world("CVPR")))
    assert whole.keys() == lacking.keys() >= {"leader", "gap", "growth", "rose", "latest"}
    for topic in whole.keys() - {"leader"}:
        assert numbers_of(whole[topic]) == numbers_of(lacking[topic]), topic
    one, other = whole["leader"].said, lacking["leader"].said  # shares of the whole period are over one venue less
    assert one.key == other.key
    assert [v for v in one.values if isinstance(v, Named)] == [v for v in other.values if isinstance(v, Named)]
    before, after = ([int(v.rstrip("%")) for v in said.values if isinstance(v, str)] for said in (one, other))
    assert all(abs(a - b) <= 1 for a, b in zip(before, after, strict=True)), "by no more than rounding"


def test_who_is_written_otherwise_than_before_has_not_risen(workspace: Any) -> None:
    """A laboratory's papers of the earlier period stand under its university in the later one."""
    lab, university, other = "Institute AR of Berkeley", "Institute AJ of Berkeley", "Institute AA of Boston"
    records = []
    for year in range(2012, 2022):
        names = [lab] * 19 + [university] if year < 2017 else [university] * 20
        for k, name in enumerate([*names, *[other] * 10, *["Institute AC of Beijing"] * 6, *["Institute AF of Oxford"] * 5]):
            authors = [{"name": f"Author {k}", "affiliations": [f"{name} (0.99)"]}]
            records.append({"id": f"{year}-{k}", "title": f"{year} {k}", "venue": "CVPR", "year": year, "authors": authors})
    ws = workspace(SETTINGS, records)
    data = collect(ws, bulletin=True)
    plain = data.comparisons["institution", "before"].frame.set_index("name")
    assert plain.loc[university, ["rank_before", "rank_after"]].tolist() == [5, 1], "by itself it has risen"
    house = data.comparisons["institution", "moved"].frame.set_index("name")
    assert house.loc[university, ["rank_before", "rank_after", "before", "after"]].tolist() == [1, 1, 100, 100]
    assert "rose" not in told(ws)


def test_where_shares_stay_no_sentence_changes_with_a_venue_or_with_the_order(workspace: Any, tmp_path_factory: Any) -> None:
    from tests.report.conftest import make_workspace

    whole = told(workspace(SETTINGS, world(steady=True)))
    others = (world("ACL", steady=True), world(steady=True)[::-1])
    lacking, turned = (told(make_workspace(tmp_path_factory.mktemp("w"), SETTINGS, records)) for records in others)
    assert whole == turned
    for topic in whole:
        assert numbers_of(whole[topic]) == numbers_of(lacking[topic]), topic


def test_a_venue_of_twice_the_weight_counts_twice(workspace: Any) -> None:
    records = [r for r in world() if r["venue"] != "CVPR" or "Beijing" not in r["authors"][0]["affiliations"][0]]
    ws = workspace(SETTINGS, records)
    lines = [
        f"{v},{v},{a},{2 if v == 'CVPR' else 1},"
        for v, a in zip(VENUES, ("computer vision", "natural language processing", "machine learning", "robotics"), strict=True)
    ]
    plain = told(ws)
    (ws.path / "venues.csv").write_text("\n".join(["venue,name,areas,weight,aliases", *lines]) + "\n", "utf-8")
    weighted = told(type(ws).open(ws.path))
    for sentences, weight in ((plain, 1), (weighted, 2)):
        sums = dict.fromkeys(("Boston", "Beijing", "Oxford"), 0)
        for r in records:
            if r["year"] >= 2017:
                city = r["authors"][0]["affiliations"][0].split(" of ")[1].split(" ")[0]
                sums[city] += weight if r["venue"] == "CVPR" else 1
        first, second = sorted(sums.values(), reverse=True)[:2]
        shares = [f"{n / sum(sums.values()):.0%}" for n in (first, second)]
        assert [v for v in sentences["leader"].said.values if isinstance(v, str)] == shares
    assert plain["leader"].said != weighted["leader"].said


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "The United States leads with 40% of the adjusted papers in this selection, before the Netherlands with 30%."),
        ("zh-hans", "US居首，占所选论文（调整论文数）的 40%，其次是NL（30%）。"),
    ],
)
def test_names_of_countries_take_an_article_where_english_has_one(language: str, sentence: str) -> None:
    names = {"en": {"US": "United States", "NL": "Netherlands"}}
    frame: Any = SimpleNamespace(
        language=language,
        text=lambda key, *values: i18n.text(key, language, *values),
        name=lambda level, code: names.get(language, {}).get(code, code),
        names=Names(language),
        data=SimpleNamespace(entities={}),
        beside=lambda name, more: i18n.text("beside", language, name, more) if more else name,
    )
    said = leader(with_country({"US": 0.4, "NL": 0.3}))
    assert said is not None
    assert Teller(frame).say(said.said) == sentence


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "At CVPR, China passed the United States between 2020 and 2024: 1,359 papers to 928 in 2024."),
        ("zh-hans", "在 CVPR，中国的论文数于 2020 年至 2024 年间超过美国：2024 年为 1,359 篇对 928 篇。"),
        ("zh-hant", "在 CVPR，中國的論文數於 2020 年至 2024 年間超過美國：2024 年為 1,359 篇對 928 篇。"),
    ],
)
def test_a_change_of_lead_is_told_in_three_languages(language: str, sentence: str) -> None:
    (known,) = source().trends.values()
    said = passed(
        source(trends={("country", "publications"): replace(known, leads=(lead(venues=("CVPR",), before=2020, year=2024),))})
    )
    assert said is not None
    assert Teller(speaker(language)).say(said.said) == sentence
