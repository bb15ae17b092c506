"""A file that a person had by hand is a capture like any other, and says so."""

import pytest

from include.archive import by_hand
from include.errors import UsageError

URL = "https://www.socialstyrelsen.se/statistik-och-data/oppna-jamforelser/"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tabeller 2024.csv"
    path.write_bytes(b"Kommun;Antal\r\n")
    return path


def test_it_is_archived_as_it_is_with_where_it_was_had(registry, store, file):
    manifest = by_hand.put(registry.sources["bra_handled_offences"], file, "Rn01-2024", URL, store)
    assert store.read(manifest.capture_id) == b"Kommun;Antal\r\n"
    assert (manifest.part, manifest.periods, manifest.url, manifest.origin) == ("Rn01-2024", ["2024"], URL, "live")
    assert manifest.request == {"by_hand": True}
    assert "för hand" in manifest.notes[0]
    again = by_hand.put(registry.sources["bra_handled_offences"], file, "Rn01-2024", URL, store)
    assert (again.capture_id, again.change) == (manifest.capture_id, "UNCHANGED")


@pytest.mark.parametrize(
    ("source", "part", "url", "words"),
    [
        ("agency_extracts", "jamtland-LST-2024", URL, "inbox"),
        ("bra_handled_offences", None, URL, "--part"),
        ("bra_handled_offences", "Rn01", URL, "--part"),
        ("bra_handled_offences", "../x-2024", URL, "--part"),
        ("bra_handled_offences", "Rn01-2024", None, "--url"),
        ("bra_handled_offences", "Rn01-2024", "file:///etc/passwd", "--url"),
    ],
)
def test_what_makes_no_sense_is_refused(registry, store, file, source, part, url, words):
    with pytest.raises(UsageError, match=words):
        by_hand.put(registry.sources[source], file, part, url, store)
    assert store.manifests(source) == []
