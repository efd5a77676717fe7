"""Which of the names in a record is its venue, and what is no paper."""

from __future__ import annotations

import pytest

from affil.papers.proceedings import conference_in_note, proceedings_venue, unwanted_kind, venue_or_conference

ECCV = "13th European Conference on Computer Vision (ECCV)"
FINDINGS = "Findings of the Association for Computational Linguistics: ACL 2023"
ICML = "40th International Conference on Machine Learning, ICML 2023"


@pytest.mark.parametrize(
    ("source", "conference", "venue"),
    [
        ("COMPUTER VISION - ECCV 2014, PT V", ECCV, ECCV),
        ("COMPUTER VISION - ECCV 2014 WORKSHOPS, PT I", ECCV, "COMPUTER VISION - ECCV 2014 WORKSHOPS, PT I"),
        ("FINDINGS OF THE ACL: ACL 2023", "61st Annual Meeting of the ACL (ACL)", "FINDINGS OF THE ACL: ACL 2023"),
        ("CVPR WORKSHOPS (CVPRW 2018)", "31st CVPR Workshops (CVPRW)", "31st CVPR Workshops (CVPRW)"),
        ("COMPUTER VISION", "", "COMPUTER VISION"),
        ("62ND ACL: STUDENT RESEARCH WORKSHOP", "62nd ACL (ACL) / Student Research Workshop (SRW)", "62ND ACL: STUDENT RESEARCH WORKSHOP"),
        ("MICCAI 2018, PT I", "21st MICCAI (MICCAI) / 8th Workshop on VCBM", "21st MICCAI (MICCAI) / 8th Workshop on VCBM"),
    ],
)  # fmt: skip
def test_the_venue_of_proceedings(source: str, conference: str, venue: str) -> None:
    assert proceedings_venue(source, conference) == venue


@pytest.mark.parametrize(
    ("title", "conference", "venue"),
    [
        ("Lecture Notes in Computer Science (including subseries Lecture Notes in Artificial Intelligence)", "ECCV 2018", "ECCV 2018"),
        ("Proceedings of Machine Learning Research", ICML, ICML),
        (FINDINGS, "61st Annual Meeting of the Association for Computational Linguistics, ACL 2023", FINDINGS),
        ("Bioinformatics", "ISMB 2019", "Bioinformatics"),
        ("", "ISMB 2019", "ISMB 2019"),
    ],
)  # fmt: skip
def test_the_venue_is_the_conference_only_where_the_source_is_a_series(title: str, conference: str, venue: str) -> None:
    assert venue_or_conference(title, conference) == venue


@pytest.mark.parametrize(
    ("kinds", "unwanted"),
    [
        ("Article", ""),
        ("Article; Proceedings Paper; Retracted Publication", "Retracted Publication"),
        ("Conference review", "Conference review"),
        ("Erratum", "Erratum"),
        ("Review", ""),
        ("", ""),
    ],
)
def test_what_is_no_paper(kinds: str, unwanted: str) -> None:
    assert unwanted_kind(kinds) == unwanted


def test_the_conference_in_a_note() -> None:
    assert conference_in_note("Cited by: 1; Conference name: ECCV 2018; Conference code: 1") == "ECCV 2018"
    assert conference_in_note("Cited by: 1") == ""
