"""A stand-in for bra.se: its pages with links, and files at addresses that cannot be guessed."""

import hashlib
from urllib.parse import quote

from tests.servers.local import LocalServer, Reply, Request

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class BraServer(LocalServer):
    """Lists and serves the files that were published to it; a page exists once its first file does.

    ``listed`` holds the links of the pages that the table picker asks for, by name; ``pages`` those of pages that list
    the files of all years, by path.
    """

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, bytes] = {}
        self.listed: dict[str, list[str]] = {}
        self.pages: dict[str, list[str]] = {}
        self.element = "statfiles"
        self.etags = True

    def publish(self, name: str, content: bytes, stamp: int, page: str | None = None) -> str:
        """Publish a file (or a new version of it) at a stamp in epoch milliseconds, and return its address.

        It is listed on a page of its own, or added to the ``page`` of a path; a version before is listed no longer.
        """
        identity = hashlib.md5(f"{name}{stamp}".encode(), usedforsecurity=False).hexdigest()[:20]
        address = f"/download/18.{identity}/{stamp}/{quote(name)}"
        self.files[address] = content
        if page is None:
            self.listed[name.rpartition(".")[0]] = [address]
        else:
            others = [link for link in self.pages.get(page, []) if not link.endswith(f"/{quote(name)}")]
            self.pages[page] = [*others, address]
        return address

    def reply(self, request: Request) -> Reply:
        if request.path.startswith("/statistik_sidor/300/"):
            return self._page(self.listed.get(request.path.rpartition("/")[2].removesuffix(".html")))
        if request.path.startswith("/statistik/"):
            return self._page(self.pages.get(request.path))
        if (content := self.files.get(request.path)) is None:
            return Reply(b"<html><body>404</body></html>", 404, {"Content-Type": "text/html"})
        etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        if self.etags and request.headers.get("if-none-match") == etag:
            return Reply(status=304, headers={"ETag": etag})
        return Reply(
            content,
            headers={"Content-Type": CSV if request.path.endswith(".csv") else XLSX}
            | ({"ETag": etag} if self.etags else {}),
        )

    def _page(self, addresses: list[str] | None) -> Reply:
        if addresses is None:
            return Reply(b"<html><body>404</body></html>", 404, {"Content-Type": "text/html"})
        links = "".join(f'<li><a href="{address}">Tabell 300<br></a></li>' for address in addresses)
        page = (
            '<!DOCTYPE html><html><body><nav><a href="/download/18.0/1/300La-1999.xls">meny</a><div></div></nav>'
            f'<div id="{self.element}"><div><p>Hämta<ul>{links}</ul></div></div>'
            '<div><a href="/om-webbplatsen">Om</a></div></body></html>'
        )
        return Reply(page.encode(), headers={"Content-Type": "text/html; charset=utf-8"})
