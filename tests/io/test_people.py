"""Names of people."""

from __future__ import annotations

import pytest

from affil.io.people import are_dotted, are_initials, family_and_initials, family_name, is_suffix, people_in


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("Li, Ana", "Li"),
        ("Ana Li", "Li"),
        ("Li AB", "Li"),
        ("Li A.B.", "Li"),
        ("van der Berg, J.", "van der Berg"),
        ("李安", "李安"),
        ("", ""),
    ],
)
def test_family_names(name: str, family: str) -> None:
    assert family_name(name) == family


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Li, Hong-Wei", ("Li", "HW")),
        ("Li, HW", ("Li", "HW")),
        ("Li H.-W.", ("Li", "HW")),
        ("Diaz, Carla, Jr.", ("Diaz", "C")),
        ("Diaz, III, C", ("Diaz", "C")),
        ("Li", ("", "L")),
    ],
)
def test_families_and_initials(name: str, parts: tuple[str, str]) -> None:
    assert family_and_initials(name) == parts


@pytest.mark.parametrize(
    ("text", "initials", "dotted", "suffix"),
    [
        ("H.-W.", True, True, False),
        ("HW", True, False, False),
        ("H W", True, False, False),
        ("A. B., Jr.", True, False, False),
        ("Yu. A.", True, True, False),
        ("Jr.", True, True, True),
        ("III", True, False, True),
        ("Hong", False, False, False),
    ],
)
def test_initials_and_suffixes(text: str, initials: bool, dotted: bool, suffix: bool) -> None:
    assert (are_initials(text), are_dotted(text), is_suffix(text)) == (initials, dotted, suffix)


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("Zhang W, Li H, Smith J", ["Zhang W", "Li H", "Smith J"]),
        ("Wei Zhang, Hua Li", ["Wei Zhang", "Hua Li"]),
        ("Li Hua and Wei Zhang", ["Li Hua", "Wei Zhang"]),
        ("Diaz, C., Li, H.-W.", ["Diaz, C.", "Li, H.-W."]),
        ("Diaz, Carla; Li, Hua;", ["Diaz, Carla", "Li, Hua"]),
        ("Diaz, Carla\nLi, Hua", ["Diaz, Carla", "Li, Hua"]),
        ("Diaz C/Li H | Orr A", ["Diaz C", "Li H", "Orr A"]),
        ("张伟，李华、王五", ["张伟", "李华", "王五"]),
        ("张伟,李华", ["张伟", "李华"]),
        ("Diaz, Carla", ["Diaz, Carla"]),
        ("Diaz, Carla Ana", ["Diaz, Carla Ana"]),
        ("van der Berg, Jan Willem", ["van der Berg, Jan Willem"]),
        ("Diaz, C., Jr.", ["Diaz, C., Jr."]),
        ("Carla Diaz, Jr.", ["Carla Diaz, Jr."]),
        ("Sandy Anders", ["Sandy Anders"]),
        ("M&#252;ller A; Diaz C &amp; Li H", ["M&#252;ller A", "Diaz C", "Li H"]),
        ("", []),
    ],
)
def test_the_names_in_a_cell(cell: str, names: list[str]) -> None:
    assert people_in(cell) == names
