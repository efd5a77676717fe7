from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from affil.errors import AffilError, InputError
from affil.rank import AREAS, Venue, Venues, find_area, load_venues
from affil.rank.places import country_name, region_name

SHARED = Path(__file__).parents[3] / "shared" / "data" / "papers"
HEADER = "venue,name,areas,weight,aliases\n"


def test_the_shipped_table_covers_the_eight_areas() -> None:
    venues = load_venues()
    assert len(venues) >= 50
    sizes = Counter(area for v in venues.values() for area in v.areas)
    assert set(sizes) == set(AREAS)
    assert min(sizes.values()) >= 8
    assert {v.weight for v in venues.values()} == {1.0}


def test_sources_at_openalex_are_well_formed_and_of_one_venue() -> None:
    sources = Counter(source for venue in load_venues().values() for source in venue.openalex)
    assert len(sources) >= 40
    assert [s for s in sources if not re.fullmatch(r"S[1-9]\d{4,10}", s)] == []
    assert [s for s, times in sources.items() if times > 1] == []


def test_every_name_of_every_venue_means_it() -> None:
    venues = load_venues()
    for venue in venues.values():
        for name in (venue.venue, venue.name, *venue.aliases, venue.venue.lower(), f"Proceedings of the {venue.name}"):
            assert venues.resolve(name) == venue, name


@pytest.mark.parametrize(
    ("name", "venue"),
    [
        ("NIPS", "NeurIPS"),
        ("neurips 2023", "NeurIPS"),
        ("Advances in Neural Information Processing Systems 30", "NeurIPS"),
        ("37th Conference on Neural Information Processing Systems (NeurIPS 2023)", "NeurIPS"),
        ("Proc. of the IEEE Conference on Computer Vision and Pattern Recognition", "CVPR"),
        ("2018 IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)", "CVPR"),
        ("In Proceedings of the 2018 Int. Conf. on Machine Learning", "ICML"),
        ("ICML '18", "ICML"),
        ("Machine Learning", "MLJ"),
        ("Robotics - Science & Systems", "RSS"),
        ("The Web Conference", "WWW"),
        ("SIGGRAPH Asia", "SIGGRAPH-Asia"),
        ("3DV", "3DV"),
        ("RAS", "RAS"),
        ("SIGIR '20", "SIGIR"),
        ("43rd International ACM SIGIR Conference on Research and Development in Information Retrieval", "SIGIR"),
        ("Proceedings of the 29th ACM International Conference on Information & Knowledge Management", "CIKM"),
        ("2019 IEEE International Conference on Data Mining (ICDM)", "ICDM"),
        ("WSDM 2021", "WSDM"),
        ("Proceedings of the 28th ACM International Conference on Multimedia", "ACM-MM"),
        ("ACM Multimedia", "ACM-MM"),
        ("ICASSP 2023 - 2023 IEEE International Conference on Acoustics, Speech and Signal Processing (ICASSP)", "ICASSP"),
        ("IEEE Trans. Medical Imaging", "TMI"),
        ("IEEE Transactions on Knowledge and Data Engineering", "TKDE"),
        ("IEEE/ASME Transactions on Mechatronics", "TMECH"),
        ("2020 29th IEEE International Conference on Robot and Human Interactive Communication (RO-MAN)", "RO-MAN"),
        ("FAT* '19", "FAccT"),
        ("AAAI/ACM Conference on AI, Ethics, and Society", "AIES"),
        ("GECCO", "GECCO"),
        ("Reinforcement Learning Journal", "RLC"),
        ("ACM Transactions on Graphics (TOG)", "TOG"),
        ("IEEE Transactions on Visualization and Computer Graphics", "TVCG"),
        # Web of Science
        ("IEEE CONFERENCE ON COMPUTER VISION AND PATTERN RECOGNITION", "CVPR"),
        ("CVPR: 2009 IEEE CONFERENCE ON COMPUTER VISION AND PATTERN RECOGNITION, VOLS 1-4", "CVPR"),
        ("30th IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)", "CVPR"),
        ("2022 IEEE/CVF CONFERENCE ON COMPUTER VISION AND PATTERN RECOGNITION, CVPR", "CVPR"),
        ("COMPUTER VISION - ECCV 2014, PT V", "ECCV"),
        ("INTERNATIONAL CONFERENCE ON MACHINE LEARNING, VOL 97", "ICML"),
        ("57th Annual Meeting of the Association-for-Computational-Linguistics (ACL)", "ACL"),
        (
            "Conference of the North-American-Chapter of the Association-for-Computational-Linguistics - Human Language Technologies"
            " (NAACL-HLT)",
            "NAACL",
        ),
        (
            "Conference on Empirical Methods in Natural Language Processing / 9th International Joint Conference on Natural Language"
            " Processing (EMNLP-IJCNLP)",
            "EMNLP",
        ),
        (
            "THIRTY-SECOND AAAI CONFERENCE ON ARTIFICIAL INTELLIGENCE / THIRTIETH INNOVATIVE APPLICATIONS OF ARTIFICIAL INTELLIGENCE"
            " CONFERENCE",
            "AAAI",
        ),
        ("HRI '20: PROCEEDINGS OF THE 2020 ACM/IEEE INTERNATIONAL CONFERENCE ON HUMAN-ROBOT INTERACTION", "HRI"),
        ("ROBOTICS: SCIENCE AND SYSTEMS XIV", "RSS"),
        ("2025 Conference on Computer Vision and Pattern Recognition-CVPR-Annual", "CVPR"),
        ("2024 38th Conference on Neural Information Processing Systems-NeurIPS", "NeurIPS"),
        # Scopus
        ("Proceedings of the IEEE Computer Society Conference on Computer Vision and Pattern Recognition", "CVPR"),
        ("2023 IEEE/CVF Conference on Computer Vision and Pattern Recognition, CVPR 2023", "CVPR"),
        ("Proceedings - International Conference on Image Processing, ICIP", "ICIP"),
        ("IEEE International Conference on Intelligent Robots and Systems", "IROS"),
        ("IJCAI International Joint Conference on Artificial Intelligence", "IJCAI"),
        ("17th European Conference on Computer Vision, ECCV 2022", "ECCV"),
        ("36th Conference on Neural Information Processing Systems, NeurIPS 2022", "NeurIPS"),
        (
            "ACL 2019 - 57th Annual Meeting of the Association for Computational Linguistics, Proceedings of the Conference",
            "ACL",
        ),
        ("Proceedings of the International Joint Conference on Autonomous Agents and Multiagent Systems, AAMAS", "AAMAS"),
        ("5th International Conference on Learning Representations, ICLR 2017 - Conference Track Proceedings", "ICLR"),
        # dblp
        ("{IEEE/CVF} Conference on Computer Vision and Pattern Recognition, {CVPR} 2023, Vancouver, BC, Canada", "CVPR"),
        ("International Conference on Machine Learning, {ICML} 2023, 23-29 July 2023, Honolulu, Hawaii, {USA}", "ICML"),
    ],
)
def test_ways_to_write_a_venue(name: str, venue: str) -> None:
    found = load_venues().resolve(name)
    assert found is not None
    assert found.venue == venue


@pytest.mark.parametrize(
    "name",
    [
        "CVPR Workshops",
        "CVPRW",
        "Workshop on Explainable AI (IJCAI)",
        "Journal of Irreproducible Results",
        "",
        "2019",
        "()",
        ", , - /",
        "2018 IEEE/CVF Conference on Computer Vision and Pattern Recognition Workshops (CVPRW)",
        "COMPUTER VISION - ECCV 2018 WORKSHOPS, PT I",
        "FINDINGS OF THE ASSOCIATION FOR COMPUTATIONAL LINGUISTICS: ACL 2023",
        "57th Annual Meeting of the Association for Computational Linguistics: System Demonstrations",
        "HRI '20: COMPANION OF THE 2020 ACM/IEEE INTERNATIONAL CONFERENCE ON HUMAN-ROBOT INTERACTION",
        "1st Workshop on Trustworthy Language Models, ACL 2023",
        "Machine Learning, Optimization, and Data Science",
        "PATTERN RECOGNITION AND COMPUTER VISION, PT I",
        "Pattern Recognition, ICPR 2022",  # the journal's name and the conference's
        "Neural Networks, IJCNN 2019",
        "Lecture Notes in Computer Science",
        "2025 Conference on Artificial Intelligence-CAI-Annual",
        "PROCEEDINGS OF THE 25TH INTERNATIONAL CONFERENCE ON WORLD WIDE WEB (WWW'16 COMPANION)",
    ],
)
def test_what_is_no_venue_of_the_table(name: str) -> None:
    assert load_venues().resolve(name) is None


def test_own_venues_are_laid_over(tmp_path: Path) -> None:
    path = tmp_path / "venues.csv"
    path.write_text(HEADER + "CVPR,Mine,robotics;simulation,2.5,My CVPR\nNEW,A new one,,,\n", "utf-8-sig")
    venues = load_venues(path)
    assert venues.resolve("my cvpr") == Venue("CVPR", "Mine", ("robotics", "simulation"), 2.5, ("My CVPR",))
    assert venues["NEW"] == Venue("NEW", "A new one", (), 1.0)
    assert len(venues) == len(load_venues()) + 1


def test_years_of_a_venue(tmp_path: Path) -> None:
    path = tmp_path / "venues.csv"
    rows = ("A,A,,,2017-,", "B,B,,,1990 - 2005,", "C,C,,,-2010,", "D,D,,,2020,", "E,E,,,,")
    path.write_text("venue,name,areas,weight,years,aliases\n" + "\n".join(rows) + "\n")
    venues = load_venues(path)
    assert [venues[v].years for v in "ABCDE"] == [(2017, None), (1990, 2005), (None, 2010), (2020, 2020), (None, None)]
    existed = {v: [y for y in (1980, 1990, 2010, 2020) if venues[v].existed_in(y)] for v in "ABCDE"}
    assert existed == {"A": [2020], "B": [1990], "C": [1980, 1990, 2010], "D": [2020], "E": [1980, 1990, 2010, 2020]}
    for wrong in ("soon", "-", "2010-2005", "17-"):
        path.write_text(f"venue,name,areas,weight,years,aliases\nX,X,,,{wrong},\n")
        with pytest.raises(InputError, match=r"row 2: not a venue: (years are written like|the years .* run backwards)"):
            load_venues(path)


def test_most_shipped_venues_have_a_first_year() -> None:
    venues = load_venues()
    known = {v: one.years[0] for v, one in venues.items() if one.years[0]}
    assert len(known) > 0.8 * len(venues)
    assert all(1950 < year <= 2024 for year in known.values())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("venue,name,weight\n", "venues.csv: no column areas; the columns are: venue, name, areas, weight, aliases"),
        (HEADER + "X,X,chess,1,\n", "venues.csv, row 2: not a venue: X: no area 'chess'; the areas are"),
        (HEADER + "A,A,,1,\nX,X,,heavy,\n", "venues.csv, row 3: not a venue: could not convert string to float: 'heavy'"),
        (HEADER + "X,X,,-1,\n", "the weight must be a number of at least 0"),
        (HEADER + "X,X,,nan,\n", "the weight must be a number of at least 0"),
        (HEADER + "X,X,robotics;robotics,1,\n", "an area is named twice"),
        (HEADER + ",X,,1,\n", "needs a short name and a name"),
        (HEADER + "X,X\n", "row 2: not a venue"),
    ],
)
def test_bad_tables(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "venues.csv").write_text(content)
    with pytest.raises(InputError, match=message):
        load_venues(tmp_path / "venues.csv")


def test_two_venues_of_one_name(tmp_path: Path) -> None:
    with pytest.raises(AffilError, match="venues A and B share the name 'nips'"):
        Venues([Venue("A", "One", (), 1.0, ("NIPS",)), Venue("B", "Two", (), 1.0, ("nips",))])
    (tmp_path / "venues.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="save it as a CSV in UTF-8"):
        load_venues(tmp_path / "venues.csv")


def test_areas_by_any_spelling() -> None:
    assert find_area("Multi-Agent Systems") == find_area("multi agent systems") == "multi-agent systems"
    assert [find_area(short) for short in ("CV", "nlp", "ml", "ai", "kr", "ro", "ma", "sim")] == list(AREAS)
    with pytest.raises(
        AffilError, match=r"no area 'visoin'; did you mean: computer vision\? The areas are: computer vision \(cv\)"
    ):
        find_area("visoin")
    with pytest.raises(AffilError, match="no area 'chess'; the areas are: computer vision"):
        find_area("chess")


@pytest.mark.skipif(not SHARED.exists(), reason="shared data absent")
def test_every_venue_of_the_shared_papers_is_known() -> None:
    import gzip

    venues = load_venues()
    outside = set()
    for file in sorted(SHARED.glob("*.jsonl.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            venue = venues.resolve(json.loads(next(lines))["venue"])
        assert venue is not None, file
        if not venue.areas:
            outside.add(venue.venue)
    assert outside == {"SIGGRAPH", "SIGGRAPH-Asia", "WWW"}


def test_names_of_places() -> None:
    assert country_name("CN") == ("China", "中国")
    assert country_name("KR") == ("South Korea", "韩国")
    assert country_name("TW") == ("Taiwan", "台湾")
    assert country_name("XK") == ("XK", "")
    assert region_name("US-CA") == ("California", "加利福尼亚州")
    assert region_name("CN-GD") == ("Guangdong", "广东省")
    assert region_name("CN-NX") == ("Ningxia", ""), "not translated there"
    assert region_name("HK-NTP") is None


@pytest.mark.parametrize(
    ("venue", "held", "not_held"),
    [
        ("ICCV", (1987, 1988, 1990, 1993, 2019, 2025), (1986, 1994, 2014, 2026)),
        ("ECCV", (1990, 2014, 2024), (2013, 2025)),
        ("CoRL", (2017, 2018, 2024), (2016,)),
        ("NAACL", (2019, 2021, 2022, 2024, 2025), (2020, 2023)),
        ("IJCAI", (2013, 2015, 2016, 2017, 2018), (2012, 2014)),
        ("KR", (2018, 2020, 2021, 2022), (2017, 2019)),
        ("CVPR", tuple(range(1983, 2030)), (1982,)),
    ],
)
def test_the_table_knows_when_a_venue_takes_place(venue: str, held: tuple[int, ...], not_held: tuple[int, ...]) -> None:
    one = load_venues()[venue]
    assert [y for y in (*held, *not_held) if one.held_in(y)] == [*held]
    assert all(one.existed_in(y) for y in held)


def test_years_without_a_venue_are_written_in_few_ways(tmp_path: Path) -> None:
    own = tmp_path / "venues.csv"
    head = "venue,name,areas,weight,aliases,not_held\n"
    own.write_text(f"{head}X,Xs,robotics,1,,odd 2011-2015; 2000;2002-2003; even 2020-\n", "utf-8")
    one = load_venues(own)["X"]
    assert [y for y in range(1999, 2026) if not one.held_in(y)] == [2000, 2002, 2003, 2011, 2013, 2015, 2020, 2022, 2024]
    own.write_text(f"{head}X,Xs,robotics,1,,every second year\n", "utf-8")
    with pytest.raises(InputError, match=r"written like 2002, 1990-1994 or even 1994-, not 'every second year'"):
        load_venues(own)
