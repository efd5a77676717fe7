from __future__ import annotations

from affil.papers.formats import READERS
from tools.formats_page import PAGE, page


def test_the_page_is_what_the_readers_say() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python tools/formats_page.py"


def test_every_reader_says_what_a_person_should_know() -> None:
    for reader in READERS:
        for text in (reader.title, reader.fields, reader.lost, reader.export):
            assert text and (text is reader.title or text.rstrip().endswith(".")), (reader.name, text)
        assert reader.name == reader.name.lower().strip() and " " not in reader.name
