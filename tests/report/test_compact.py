"""Compacted templates are the same pages in fewer bytes."""

from __future__ import annotations

import html.parser

from affil.report.compact import compact


def parsed(page: str) -> list[object]:
    """The tags with their attributes and the words of a page, in order."""
    found: list[object] = []

    class Reader(html.parser.HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, attrs))

        def handle_endtag(self, tag: str) -> None:
            found.append(tag)

        def handle_data(self, data: str) -> None:
            found.extend(data.split())

    Reader().feed(page)
    return found


PAGE = """<div class="one" id="two words" data-root="../" title='a "b"' hidden>
    <p class="hint">Some text
        <a href="x.html?a=1" rel="noopener">link</a> {{ "inserted" }}</p>
    <pre>  kept
      as it is  </pre>
    <svg viewBox="0 0 1 1" class="s"><path d="M0"/></svg>
    <script>if (a < b) "x  y"</script><img src="a/">
</div>
"""


def test_a_page_means_the_same_in_fewer_bytes() -> None:
    short = compact(PAGE)
    assert parsed(short) == parsed(PAGE)
    assert len(short) < 0.95 * len(PAGE)
    assert '<div class=one id="two words" data-root="../"' in short
    for kept in (
        "<pre>  kept\n      as it is  </pre>",
        '<svg viewBox="0 0 1 1" class="s">',
        '"x  y"',
        '{{ "inserted" }}',
        'src="a/"',
    ):
        assert kept in short
    assert compact(short) == short


def test_what_a_template_inserts_keeps_its_quotes() -> None:
    text = '<a href="{{ base }}x.html" class="{{name}}"{% if a > b %} aria-current="page"{% endif %}>'
    assert compact(text) == text.replace('aria-current="page"', 'aria-current="page"')
