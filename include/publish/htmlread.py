"""Reads a published page back, for the audit: its data rows, its structure, and what it links to."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

_VOID = {"meta", "link", "img", "br", "hr", "input"}


@dataclass
class DataRow:
    """One row of figures: column to (machine value or None, text shown)."""

    key: str
    caption: str
    group: str
    cells: dict[str, tuple[str | None, str]] = field(default_factory=dict)
    text: str = ""


@dataclass
class Sentence:
    """A sentence about a line of a figure, and how many rows of figures the reader meets before it."""

    key: str
    rows_before: int
    text: str = ""


@dataclass
class Page:
    """What a page holds."""

    language: str = ""
    title: str = ""
    banner: str = ""
    headings: list[int] = field(default_factory=list)
    tables: int = 0
    captions: int = 0
    headless_cells: int = 0
    unnamed_images: int = 0
    foreign: list[str] = field(default_factory=list)
    local: set[str] = field(default_factory=set)
    images: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    rows: list[DataRow] = field(default_factory=list)
    figures: list[DataRow] = field(default_factory=list)
    revisions: list[DataRow] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)

    def faults(self) -> Iterable[str]:
        """Yield what is wrong with the page's structure."""
        if not self.language:
            yield "no language"
        if not self.title.strip():
            yield "no title"
        if self.headings.count(1) != 1:
            yield f"{self.headings.count(1)} h1"
        for above, below in zip(self.headings, self.headings[1:], strict=False):
            if below > above + 1:
                yield f"h{below} after h{above}"
        if self.captions != self.tables:
            yield f"{self.tables} tables, {self.captions} captions"
        if self.headless_cells:
            yield f"{self.headless_cells} header cells without scope"
        if self.unnamed_images:
            yield f"{self.unnamed_images} images without a text"
        if len(self.ids) != len(set(self.ids)):
            yield "an id occurs twice"
        yield from self.foreign


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.open: list[tuple[str, dict[str, str]]] = []
        self.caption = self.group = ""
        self.row: DataRow | None = None
        self.column: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = {name: value or "" for name, value in attrs}
        if tag not in _VOID:
            self.open.append((tag, have))
        self._structure(tag, have)
        self._dangers(tag, have)
        if "id" in have:
            self.page.ids.append(have["id"])
        if "data-sentence" in have:
            self.page.sentences.append(Sentence(have["data-sentence"], len(self.page.rows)))
        match tag:
            case "table":
                self.page.tables += 1
                self.caption = self.group = ""
            case "tbody":
                self.group = ""
            case "tr" if "data-row" in have:
                self.row = DataRow(have["data-row"], self.caption, self.group)
                self.page.rows.append(self.row)
            case "tr" if "data-figure" in have:  # of a public table: other keys than an indicator's rows
                self.row = DataRow(have["data-figure"], self.caption, self.group)
                self.page.figures.append(self.row)
            case "tr" if "data-revision" in have:  # the versions of a value, a column for each
                self.row = DataRow(have["data-revision"], self.caption, self.group)
                self.page.revisions.append(self.row)
            case "td" if self.row is not None and "data-col" in have:
                self.column = have["data-col"]
                self.row.cells[self.column] = (None, "")
            case "data" if self.row is not None and self.column is not None:
                self.row.cells[self.column] = (have["value"], "")

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass
        if tag == "tr":
            self.row = None
        if tag == "td":
            self.column = None

    def handle_data(self, data: str) -> None:
        tags = [tag for tag, _ in self.open]
        if "title" in tags:
            self.page.title += data
        if any(have.get("class") == "banner" for _, have in self.open):
            self.page.banner += data
        if "caption" in tags:
            self.caption += data
        if any(have.get("scope") == "rowgroup" for _, have in self.open):
            self.group += data
        if any("data-sentence" in have for _, have in self.open):
            self.page.sentences[-1].text += data
        if self.row is not None:
            self.row.text += data
            if self.column is not None:
                machine, shown = self.row.cells[self.column]
                self.row.cells[self.column] = (machine, shown + data)

    def _structure(self, tag: str, have: dict[str, str]) -> None:
        page = self.page
        if tag == "html":
            page.language = have.get("lang", "")
        elif len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            page.headings.append(int(tag[1]))
        elif tag == "caption":
            page.captions += 1
        elif tag == "th" and have.get("scope") not in {"col", "row", "rowgroup", "colgroup"}:
            page.headless_cells += 1
        elif tag == "img":
            page.images.append(have.get("src", ""))
            page.unnamed_images += not have.get("alt")

    def _dangers(self, tag: str, have: dict[str, str]) -> None:
        if tag in {"script", "iframe", "object", "embed", "form", "base", "style"}:
            self.page.foreign.append(f"<{tag}>")
        self.page.foreign += [f"{tag} {name}" for name in have if name.startswith("on") or name == "style"]
        for name in ("href", "src"):
            address = have.get(name)
            if not address or address.startswith("#"):
                continue
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                if tag != "a" or parts.scheme not in {"https", "http", "mailto"}:
                    self.page.foreign.append(f"{tag} {name}={address}")
            elif not parts.path.startswith(".."):  # other releases stand outside this one
                self.page.local.add(parts.path)


def read_page(text: str) -> Page:
    """Return what a page's HTML holds."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.page
