"""A recorded answer is real, small, whole and tells of nobody; the tests read it without a line of code."""

import json

import pytest

from include.archive.record import record, recorded, scrubbed
from include.check.run import check_file
from include.errors import SourceRefused, UsageError
from tests.servers.pxweb import dataset


def test_the_newest_period_of_a_few_areas_is_recorded_whole(scb, registry, tmp_path):
    written = record(registry.sources["scb_population"], registry, tmp_path)
    ((manifest, file),) = recorded(tmp_path)
    assert sorted(written) == sorted([file, file.with_suffix(".manifest.json")])
    assert manifest.part.startswith("TAB5557-")
    (question,) = scb.questions
    assert question["Region"] == ["00", "23", "2303"], "one municipality is enough"
    assert len(file.read_bytes()) == manifest.size
    assert json.loads(file.read_bytes()) == dataset("TAB5557", question, scb.updated), "whole, as it was answered"


def test_no_contact_no_mail_address_and_no_session_is_recorded(scb, registry, tmp_path):
    document = json.loads(
        scrubbed(
            json.dumps(
                {
                    "extension": {"contact": [{"name": "Anna Andersson", "mail": "anna@scb.se"}]},
                    "note": ["Frågor: anna@scb.se"],
                    "href": "https://x.se/a;jsessionid=0A1B?c=1",
                }
            ).encode(),
            "a.json",
        )
    )
    assert document == {
        "extension": {},
        "note": ["Frågor: removed@example.org"],
        "href": "https://x.se/a;jsessionid=removed?c=1",
    }
    text = scrubbed("Region;År\nÅre;brott@bra.se\n".encode("latin-1"), "a.txt")
    assert text.decode("latin-1") == "Region;År\nÅre;removed@example.org\n"
    record(registry.sources["scb_population"], registry, tmp_path)
    kept = [json.loads(path.read_text()) for path in tmp_path.glob("*/*.manifest.json")]
    assert [set(manifest["response_headers"]) <= {"content-type", "last-modified"} for manifest in kept] == [True]
    assert "?" not in kept[0]["url"]


def test_a_large_answer_is_refused_and_says_what_to_do(scb, registry, tmp_path, monkeypatch):
    monkeypatch.setattr("include.archive.record.LARGEST_BYTES", 100)
    with pytest.raises(SourceRefused, match="Ask for less in the registry"):
        record(registry.sources["scb_population"], registry, tmp_path)
    assert recorded(tmp_path) == []


def test_what_people_deliver_is_never_recorded(registry, tmp_path):
    with pytest.raises(UsageError, match="never recorded"):
        record(registry.sources["agency_extracts"], registry, tmp_path)


def test_every_recorded_answer_passes_the_check_of_its_source():
    """The folder is empty until somebody with the internet has recorded; what is there must be read."""
    for manifest, file in recorded():
        assert check_file(manifest.source_id, file, manifest.part).refusal is None, file
