#!/usr/bin/env python3
"""Decide strings of a workspace by keyboard in a real Chromium: bench/afternoon.py WS [--strings 100] [--phone] [--language zh-CN].

Works on a copy. Saves what is ticked, says none where nothing is, ticks an exception off twice and takes a step back once; prints
keystrokes and seconds per decided mention, and what axe finds on the last card.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import sync_playwright

WHOLE = "#similar-details, #similar .hint"  # there when a card is complete
EXCEPTIONS, BACK = (3, 9), 5  # after so many cards


class Afternoon:
    """A person at the keyboard, and what was counted."""

    def __init__(self, page: Any) -> None:
        self.page, self.keys, self.cards, self.strings, self.mentions, self.exceptions = page, 0, 0, 0, 0, 0

    def press(self, key: str) -> None:
        self.keys += 1
        self.page.keyboard.press(key)

    def step(self, key: str) -> None:
        """Press a key that brings another card."""
        before = self.page.locator("#card").get_attribute("data-number")
        self.press(key)
        self.page.wait_for_function("b => document.getElementById('card')?.dataset.number !== b", arg=before)
        self.page.wait_for_selector(WHOLE, state="attached")

    def save(self) -> None:
        self.step("Enter" if self.page.locator("#candidates input:checked").count() else "0")

    def card(self) -> None:
        """Decide the card in view, with its group."""
        if self.cards in EXCEPTIONS and self.page.locator("#members").count():
            self.page.locator("#members input[name=also]").first.focus()
            self.press("Space")
            self.exceptions += 1
        facts = [self.page.locator("#card .facts").first.inner_text()]
        facts += self.page.locator("#members li:has(input:checked) .facts").all_inner_texts()
        counts = [re.search(r"[\d,]+", fact) for fact in facts]
        self.strings += len(facts)
        self.mentions += sum(int(count[0].replace(",", "")) for count in counts if count)
        self.save()
        self.cards += 1
        if self.cards == BACK:
            self.step("u")
            self.save()


def play(url: str, strings: int, options: dict[str, Any]) -> dict[str, Any]:
    """Decide until so many strings are decided."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(**options).new_page()
        page.goto(url)
        page.wait_for_selector(WHOLE, state="attached")
        person, begin = Afternoon(page), time.perf_counter()
        while person.strings < strings and page.locator("#decide").count():
            person.card()
        seconds = time.perf_counter() - begin
        page.evaluate(Path(AXE_FILE_PATH).read_text("utf-8") + "\n;undefined")
        faults = [v["id"] for v in page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]]
        browser.close()
    counted = {k: v for k, v in vars(person).items() if k != "page"}
    each = {"keys per mention": person.keys / person.mentions, "seconds per mention": seconds / person.mentions}
    return counted | {"seconds": round(seconds, 1)} | {k: round(v, 4) for k, v in each.items()} | {"axe": faults}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--strings", type=int, default=100)
    parser.add_argument("--phone", action="store_true")
    parser.add_argument("--language", default="en-GB")
    chosen = parser.parse_args()
    options: dict[str, Any] = {"locale": chosen.language, "viewport": {"width": 1280, "height": 900}}
    if chosen.phone:
        options |= {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(chosen.workspace, Path(folder) / "ws", ignore=shutil.ignore_patterns("ledger*"))
        command = [sys.executable, "-m", "affil", "review", str(copy), "--by", "bench", "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout
            address = re.search(r"http://\S+", server.stdout.readline())
            assert address
            try:
                print(json.dumps(play(address[0], chosen.strings, options), indent=2))
            finally:
                server.terminate()


if __name__ == "__main__":
    main()
