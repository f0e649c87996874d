"""`report.html` in a real browser: filters work, nothing is asked of the network, nothing complains."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from .campaigns import BROKEN, HOST, LEGACY, SETTLED, campaign
from .conftest import Make

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
HOSTILE = "<img src=x onerror=\"document.title='hit'\"><script>document.title='hit'</script>"


@pytest.fixture
def page(make: Make, tmp_path: Path) -> Iterator[object]:
    """The page of a campaign, opened; and what was said and asked for meanwhile."""
    program = os.environ.get("BROWSER_PATH") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("no browser is installed (Chromium or Chrome), which opens the report of a campaign")
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="playwright, which drives the browser, is not installed"
    )
    make("one", {"td.json": LEGACY, ".efs-migrate.yaml": SETTLED})
    make("two", {"td.json": LEGACY, ".efs-migrate.yaml": "target: tls\n"})
    make("needs", {"td.json": HOST})
    make("bad", {"td.json": BROKEN})
    make("clean", {"x.txt": ""})
    make(
        "hostile",
        {
            f"{HOSTILE.replace('/', '')}.json": LEGACY.replace(
                '"data"', f'"{HOSTILE}"'.replace('="', "='").replace("'\">", "''>")
            )
        },
    )
    out = tmp_path / "out"
    campaign("one", "two", "needs", "bad", "clean", "hostile", "--output-dir", out)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        shown = browser.new_page(color_scheme="dark")
        shown.said, shown.asked = [], []
        shown.on("console", lambda message: shown.said.append(message.text))
        shown.on("pageerror", lambda error: shown.said.append(str(error)))
        shown.on("request", lambda request: shown.asked.append(request.url))
        shown.goto((out / "report.html").as_uri())
        yield shown
        browser.close()


def visible(page: object) -> list[str]:
    return page.eval_on_selector_all(  # type: ignore[attr-defined, no-any-return]  # playwright's page
        "tbody[data-repository]:not([hidden]) th", "found => found.map(e => e.firstChild.textContent)"
    )


def test_the_page(page) -> None:  # type: ignore[no-untyped-def]  # playwright's page
    everything = ["one", "two", "needs", "bad", "clean", "hostile"]
    assert visible(page) == everything
    page.select_option("[name=status]", "migrated")
    assert visible(page) == ["one", "two", "hostile"]
    page.select_option("[name=after]", "tls")
    assert visible(page) == ["two"]
    assert page.text_content("#shown") == "1 of 6 repositories shown"
    page.click("[type=reset]")
    page.get_by_text("6 of 6 repositories shown").wait_for()
    assert visible(page) == everything
    # The keyboard alone: to the filter, from there to the first diff.
    page.keyboard.press("/")
    page.keyboard.type("ONE TD")
    assert visible(page) == ["one"]
    page.focus("tbody:not([hidden]) summary")
    page.keyboard.press("Enter")
    assert '"transitEncryption": "ENABLED"' in page.text_content(
        "tbody:not([hidden]) pre ins >> nth=1"
    ) + page.text_content("tbody:not([hidden]) pre")
    assert "configure" in page.text_content("#needs-input ~ table")
    assert page.locator("#file-systems ~ table td li").count() >= 2
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light dark"
    background = page.evaluate("getComputedStyle(document.querySelector('form')).backgroundColor")
    assert background == "rgb(21, 27, 35)", "dark mode"
    assert page.title() == "efs-migrate: campaign", "nothing that a repository says is run"
    assert page.said == []
    assert [url for url in page.asked if not url.startswith("file:")] == []
    assert len(page.asked) == 1
