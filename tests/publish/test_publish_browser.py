"""The pages in a real browser: nothing overflows on a narrow or a wide screen, and the console stays silent."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from include.publish import files
from include.publish.site import pages
from include.publish.site.pages import ReleaseLine
from tests.publish import scene

pytestmark = pytest.mark.browser

ID = "prov-2025-final-1"
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]

#: WCAG's contrast of every text on the page with the nearest background: pairs below 4.5 (3 for large text).
_CONTRAST = """() => {
  const light = c => { const v = c / 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 };
  const parse = s => s.match(/[\\d.]+/g).map(Number);
  const lum = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
  const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c } return [255, 255, 255] };
  const found = [];
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const style = getComputedStyle(e), a = lum(parse(style.color)), b = lum(ground(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < (parseFloat(style.fontSize) >= 24 ? 3 : 4.5)) found.push(e.tagName + ' ' + ratio.toFixed(2));
  }
  return found }"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    where = shutil.which("chromium") or shutil.which("google-chrome")
    if where is None:
        pytest.skip("NOT RUN: no Chromium on this machine, so the pages were not opened in a browser (see .ci/run)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=where, args=_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("published")
    folder = root / "prov" / ID
    content = scene.content()
    found = files.tables(content, ID, [])
    for name, text in pages.render(content, ID, None, [], found).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    line = ReleaseLine("prov", ID, 2025, "slutlig", "2026-07-07", "godkänd av Samordnaren", True, True)
    for name, text in pages.render_index("Prov", [line]).items():
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize("width", [320, 1280])
def test_pages_fit_the_screen_and_raise_no_errors(browser: Any, site: Path, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda request: said.append(f"failed: {request.url}"))
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url.split(":")[0]))
    for path in sorted(site.rglob("*.html")):
        page.goto(path.as_uri())
        wide = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert wide[0] <= wide[1], (path.name, wide)
        assert page.evaluate("document.styleSheets.length") == 1, path.name
        assert page.evaluate("getComputedStyle(document.body).marginTop") == "0px", "the style sheet does not apply"
        assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)"), path.name
        assert page.evaluate(_CONTRAST) == [], path.name
    assert said == []
    assert asked == {"file"}
    page.close()


def test_the_keyboard_reaches_the_content_first(browser: Any, site: Path) -> None:
    """The first stop of the Tab key is the skip link, and tables that scroll can be scrolled from the keyboard."""
    page = browser.new_page(viewport={"width": 320, "height": 800})
    page.goto((site / "prov" / ID / "TMV-B05.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("[...document.querySelectorAll('.scroll')].every(e => e.tabIndex === 0 && e.ariaLabel)")
    page.close()
