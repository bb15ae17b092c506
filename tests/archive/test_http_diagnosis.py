"""What is kept of a wrong answer helps a person to see what it is, and holds nobody's secrets or identity numbers."""

import logging
import stat

import pytest

from include import settings
from include.archive import diagnosis
from include.archive.diagnosis import keep, redacted

PERSON = "811218-9876"  # the tax agency's own example


def _keep(content: bytes, **more):
    headers = {"content-type": "text/html"}
    return keep("scb_population", "https://scb.se/api", headers, content, "a web page came instead", **more)


@pytest.mark.scorecard(14, "kept under the home, for its owner's eyes only, with where it came from and what was wrong")
def test_what_is_kept_says_where_it_came_from():
    file = _keep(b"<title>Driftstopp</title>")
    assert file.parent == settings.home() / "diagnosis" / "scb_population"
    assert file.read_text().splitlines() == [
        "source: scb_population",
        "address: https://scb.se/api",
        "fault: a web page came instead",
        "bytes: 25",
        "content-type: text/html",
        "",
        "<title>Driftstopp</title>",
    ]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.scorecard(14, "an identity number is never kept, however it is written")
@pytest.mark.parametrize(
    "written",
    [
        PERSON,
        "8112189876",
        "19811218-9876",
        "811218–9876",
        "811218 9876",
        "811218+9876",
        "1981-12-18-9876",
        "８１１２１８-９８７６",
        "811218&#45;9876",
        "8112&shy;189876",
        "811218\u200b9876",
        "<td>811218</td><td>-9876</td>",
        "811278-9876",  # a coordination number has another day
    ],
)
def test_no_identity_number_is_kept(written):
    text = _keep(f"<p>Inloggad som {written} i dag</p>".encode()).read_text()
    digits = "".join(sign for sign in text.partition("\n\n")[2] if sign.isdigit())
    assert "9876" not in digits
    assert "Inloggad som […] i dag" in text or "<td>" in written


@pytest.mark.scorecard(14, "no secret is kept: not of the query, a log-in, a form, a cookie or a key")
@pytest.mark.parametrize(
    "told",
    [
        "fel lösenord: kanariefagel",
        "password=kanariefagel",
        '{"token": "kanariefagel"}',
        '{"access_token":"kanariefagel"}',
        "Authorization: Bearer kanariefagel",
        "Set-Cookie: sid=kanariefagel; Path=/",
        '<a href="/logga-in?sida=kanariefagel">',
        '<a href="https://anna:kanariefagel@scb.se/x">',
        '<input type="hidden" name="__VIEWSTATE" value="kanariefagel">',
        "<input name=x value=kanariefagel>",
        "kanariefagel@example.se",
        "nyckeln kanariefagel1kanariefagel2 gäller inte",
    ],
)
def test_no_secret_is_kept(told):
    text = redacted(f"<p>{told}</p>")
    assert "kanariefagel" not in text
    assert text.startswith("<p>")


def test_what_is_known_to_be_secret_is_hidden_wherever_it_stands():
    assert "hemlig" not in _keep(b"<p>Ingen Xhemligx</p>", secrets=["hemlig", "", "ab"]).read_text()
    assert "Ingen" in _keep(b"<p>Ingen Xhemligx</p>", secrets=["hemlig", "", "ab"]).read_text()


def test_what_is_no_text_is_named_and_not_kept():
    body = _keep(b"PK\3\4" + bytes(1000)).read_text().partition("\n\n")[2]
    assert body.startswith("[no text; the first bytes are 50 4b 03 04")
    assert len(body) < 120


def test_little_is_kept_of_each_and_few_of_all(monkeypatch):
    monkeypatch.setattr(diagnosis, "_MOST_FILES", 3)
    assert len(_keep(b"<p>x</p>" * 100_000).read_text()) < 2 * 64 * 1024
    for number in range(8):
        last = _keep(f"<p>fel {number}</p>".encode())
    files = list(last.parent.iterdir())
    assert len(files) == 3
    assert all(file.suffix == ".txt" for file in files)


def test_the_same_is_kept_once():
    assert _keep(b"<p>fel</p>") == _keep(b"<p>fel</p>")


def test_a_full_disk_hides_no_fault(monkeypatch, caplog):
    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(diagnosis, "_write", full)
    with caplog.at_level(logging.WARNING):
        assert _keep(b"<p>fel</p>") is None
    assert "No space left" in caplog.text
