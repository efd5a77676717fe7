"""Words that name no institution though they are one's."""

import pytest

from affil.names import tokenize
from affil.names.things import things


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Google Maps", ""),
        ("Google, Maps Road", "google maps road"),
        ("NVIDIA GeForce RTX 3090", "3090"),
        ("Microsoft Word - manuscript.docx", ""),
        ("Uppsala University, thesis-Stanford_v2.pdf", "uppsala university"),
        ("someone@pdf.edu", "someone pdf edu"),
        ("Senior Member, IEEE, Aalto University", "aalto university"),
        ("IEEE, Piscataway", "ieee piscataway"),
        ("Members of our lab, ACM Fellow", "members our laboratory"),
        ("RBC, HDL, LDL", ""),
        ("RBC, Toronto", "rbc toronto"),
        ("RBC, RBC", "rbc rbc"),
        ("Gru and Bert", "gru bert"),
        ("谷歌学术", ""),
    ],
)
def test_things_bring_no_name(text: str, left: str) -> None:
    tokens = tokenize([text])
    assert [w for w, void in zip(tokens.words, things(tokens), strict=True) if not void] == left.split()


def test_a_batch_equals_one_by_one() -> None:
    texts = ["Google", "Scholar", "RBC", "HDL", "", "thesis.pdf", "Member", "IEEE"]
    assert things(tokenize(texts)).tolist() == [x for t in texts for x in things(tokenize([t])).tolist()]
