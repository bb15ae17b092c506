"""Run every benchmark, or those that are named: ``python -m benchmarks [load] [parse] [intake] [disclosure] …``."""

import importlib
import sys

ALL = ("parse", "load", "intake", "indicators", "disclosure", "quarter")


def main() -> int:
    """Run the benchmarks one after another, so that none disturbs another; return the exit code."""
    chosen = sys.argv[1:] or ALL
    if unknown := [name for name in chosen if name not in ALL]:
        print(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(ALL)}.", file=sys.stderr)
        return 2
    for name in chosen:
        importlib.import_module(f"benchmarks.{name}").main()
        print(flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
