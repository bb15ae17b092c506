"""Rebuilds the bundled captures of public sources from the figures in ``include/bundle/facts``.

``python -m include.bundle.reconstruct [FOLDER]`` writes them to the bundle's archive (or another folder). The result is
the same, byte for byte, each time: a test rebuilds everything and compares.

No request to a producer stands behind these captures, and their manifests say so: ``origin`` is ``reconstructed``,
``facts`` holds the addresses at which the figures were read, ``url`` the producer's own address.
"""

import argparse
from pathlib import Path

from include import settings
from include.archive.store import Archive
from include.bundle import municipal_totals, population, population_monthly, reported_offences, table_300


def main() -> None:
    """Rebuild the captures in the folder named on the command line."""
    parser = argparse.ArgumentParser(description="Rebuild the bundled captures of public sources.")
    parser.add_argument("folder", nargs="?", default=settings.bundle_url(), help="archive to write to")
    folder = parser.parse_args().folder
    print(f"{rebuild(folder)} captures written to {folder}")


def rebuild(folder: str | Path) -> int:
    """Write every capture to an archive and return how many there are; those that are there already stay."""
    archive = Archive(str(folder))
    sources = (table_300, population, population_monthly, reported_offences, municipal_totals)
    manifests = [manifest for source in sources for manifest in source.put_all(archive)]
    return len(manifests)


if __name__ == "__main__":
    main()
