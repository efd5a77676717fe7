"""Somebody at a browser, for the tests of pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from tests.browser import Watched

VIEWS = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2},
    # what is dark and what is Chinese have nothing to do with each other
    "chinese": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark", "locale": "zh-TW"},
}

HELD = "#similar-details, #similar .hint"  # there when a card is complete


class Visitor(Watched):
    """A page of a server."""

    def __init__(self, browser: Any, url: str, **options: Any) -> None:
        super().__init__(browser, **options)
        self.url = url

    def open(self, path: str = "") -> None:
        self.page.goto(self.url + path)

    def settle(self) -> None:
        self.page.wait_for_selector(HELD)

    def string(self) -> str:
        return str(self.page.locator("#card .raw").first.inner_text())

    def number(self) -> str:
        return str(self.page.locator("#card").get_attribute("data-number"))

    def alone(self) -> None:
        """Leave the members of the group out of the decision."""
        if self.page.locator("#members input[name=also]:checked").count():
            self.page.keyboard.press("a")

    def next(self, act: Any) -> None:
        """Do something that brings the next card, and wait for it."""
        before = self.number()
        act()
        self.page.wait_for_function("b => document.getElementById('card')?.dataset.number !== b", arg=before)
        if self.number():
            self.settle()

    def check(self) -> None:
        """No console error, and no request to another host."""
        assert self.faults == []
        assert {urlsplit(r).netloc for r in self.requests} == {urlsplit(self.url).netloc}
