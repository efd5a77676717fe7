"""Labelled strings that pass through an export come out as they were, so that they match as they match alone."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from affil.data import resource
from affil.papers.read import read_papers
from affil.types import Paper

NAMES = ["Diaz, Carla", "Li, Hong-Wei", "Okafor, Ngozi J.", "Rossi, Anna", "Keller, Stefan"]
SHORT = ["Diaz C.", "Li H.-W.", "Okafor N.J.", "Rossi A.", "Keller S."]


@pytest.fixture(scope="module")
def groups() -> list[list[str]]:
    """Labelled strings in groups of five, one for each author; semicolons and line ends no export has within an address."""
    with Path(resource("gold/dev.csv")).open(encoding="utf-8", newline="") as lines:
        strings = dict.fromkeys(row["affiliation"].strip() for row in csv.DictReader(lines))
    fit = [s for s in strings if not set(s) & set(";；\r\n\t") and " ".join(s.split()) == s]
    return [fit[i : i + 5] for i in range(0, len(fit) - 4, 5)]


def strings(path: Path) -> list[list[str]]:
    papers: list[Paper] = list(read_papers([path]))
    assert all(p.aligned and [len(a.affiliations) for a in p.authors] == [1] * 5 for p in papers)
    return [[a.affiliations[0] for a in p.authors] for p in papers]


def test_of_web_of_science_in_plain_text(groups: list[list[str]], tmp_path: Path) -> None:
    records = []
    for i, group in enumerate(groups):
        lines = "\n   ".join(f"[{name}] {s}." for name, s in zip(NAMES, group, strict=True))
        authors = "\n   ".join(NAMES)
        records.append(f"PT J\nAF {authors}\nTI T\nSO NATURE\nC1 {lines}\nPY 2020\nUT WOS:{i}\nER\n\n")
    (tmp_path / "savedrecs.txt").write_text("FN x\nVR 1.0\n" + "".join(records) + "EF\n", "utf-8")
    assert strings(tmp_path / "savedrecs.txt") == groups


def test_of_web_of_science_in_tabs(groups: list[list[str]], tmp_path: Path) -> None:
    rows = ["PT\tAF\tTI\tSO\tC1\tPY\tUT\tAU"]
    for i, group in enumerate(groups):
        cell = "; ".join(f"[{name}] {s}" for name, s in zip(NAMES, group, strict=True))
        rows.append("\t".join(["J", "; ".join(NAMES), "T", "NATURE", cell, "2020", f"WOS:{i}", "; ".join(NAMES)]))
    (tmp_path / "savedrecs.txt").write_text("\n".join(rows) + "\n", "utf-16")
    assert strings(tmp_path / "savedrecs.txt") == groups


def test_of_scopus(groups: list[list[str]], tmp_path: Path) -> None:
    with (tmp_path / "scopus.csv").open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["Authors", "Title", "Year", "Source title", "Affiliations", "Authors with affiliations", "EID"])
        for i, group in enumerate(groups):
            cell = "; ".join(f"{name}, {s}" for name, s in zip(SHORT, group, strict=True))
            rows.writerow(["; ".join(SHORT), "T", "2020", "Nature", "; ".join(group), cell, f"2-s2.0-{i}"])
    assert strings(tmp_path / "scopus.csv") == groups
