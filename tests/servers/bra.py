"""A stand-in for bra.se: the page the table picker asks for, and files at addresses that cannot be guessed."""

import hashlib
from urllib.parse import quote

from tests.servers.local import LocalServer, Reply, Request

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class BraServer(LocalServer):
    """Lists and serves the files that were published to it; a page exists once its first file does."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, bytes] = {}
        self.listed: dict[str, list[str]] = {}
        self.element = "statfiles"
        self.etags = True

    def publish(self, name: str, content: bytes, stamp: int) -> str:
        """Publish a file ``300<area>-<period>.xlsx`` (or a new version of it) at a stamp in epoch milliseconds."""
        identity = hashlib.md5(f"{name}{stamp}".encode(), usedforsecurity=False).hexdigest()[:20]
        address = f"/download/18.{identity}/{stamp}/{quote(name)}"
        self.files[address] = content
        self.listed[name.rpartition(".")[0]] = [address]
        return address

    def reply(self, request: Request) -> Reply:
        if request.path.startswith("/statistik_sidor/300/"):
            return self._page(request.path.rpartition("/")[2].removesuffix(".html"))
        if (content := self.files.get(request.path)) is None:
            return Reply(b"<html><body>404</body></html>", 404, {"Content-Type": "text/html"})
        etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        if self.etags and request.headers.get("if-none-match") == etag:
            return Reply(status=304, headers={"ETag": etag})
        return Reply(content, headers={"Content-Type": XLSX} | ({"ETag": etag} if self.etags else {}))

    def _page(self, name: str) -> Reply:
        if name not in self.listed:
            return Reply(b"<html><body>404</body></html>", 404, {"Content-Type": "text/html"})
        links = "".join(f'<li><a href="{address}">Tabell 300<br></a></li>' for address in self.listed[name])
        page = (
            '<!DOCTYPE html><html><body><nav><a href="/download/18.0/1/300La-1999.xls">meny</a><div></div></nav>'
            f'<div id="{self.element}"><div><p>Hämta<ul>{links}</ul></div></div>'
            '<div><a href="/om-webbplatsen">Om</a></div></body></html>'
        )
        return Reply(page.encode(), headers={"Content-Type": "text/html; charset=utf-8"})
