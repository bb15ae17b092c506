"""``python -m include.registry``: check the registry, and say what it holds or what is wrong with it."""

import argparse
import sys

from include import settings
from include.errors import RegistryError
from include.registry.models import Registry
from include.registry.read import FOLDER, read


def main() -> int:
    """Read the registry; print its counts, or every fault, and return the exit code."""
    words = "check the registry and its overlays (FOLLOWUP_REGISTRY_OVERLAYS); takes no arguments"
    argparse.ArgumentParser(prog="python -m include.registry", description=words).parse_args()
    try:
        registry = read(FOLDER, settings.registry_overlays())
    except RegistryError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print("The registry is in order: " + ", ".join(f"{len(getattr(registry, k))} {k}" for k in Registry.model_fields))
    return 0


if __name__ == "__main__":
    sys.exit(main())
