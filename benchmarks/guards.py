"""Do the tests bite? Each guard is taken away in turn, and some test must turn red.

A guard is an ``if`` that ends in a refusal (raise, return or yield) in one of the modules below, or a whole check of
the release's audit. It is taken away in a copy of the project, where the tests that the module is mapped to are then
run. Whatever stays green is told with its place. A branch that a comment calls a shortcut is no guard. No comparison of
speed::

    python -m benchmarks.guards [--only PATH] [--sample N --seed S]
"""

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parent.parent

#: Modules whose guards keep a wrong, uncertain or telling figure from readers, with the tests that must miss them.
GUARDED: dict[str, tuple[str, ...]] = {
    "include/measure/breaks.py": ("tests/measure/test_compute.py",),
    "include/measure/compute.py": ("tests/measure/test_compute.py", "tests/measure/test_small_counts.py"),
    "include/measure/observed.py": (
        *("tests/measure/test_compute.py", "tests/measure/test_small_counts.py", "tests/measure/test_deliveries.py"),
        "tests/measure/test_bundle.py",
    ),
    "include/measure/trend.py": ("tests/measure/test_trend.py",),
    "include/measure/trends.py": ("tests/measure/test_trend.py", "tests/measure/test_compute.py"),
    "include/measure/disclosure": tuple(
        f"tests/measure/disclosure/test_{name}.py" for name in ("program", "structure", "protect", "equations")
    ),
    "include/measure/vintages.py": ("tests/measure/test_vintages.py",),
    "include/publish/assess.py": ("tests/publish/test_assess.py",),
    "include/publish/attack.py": ("tests/publish/test_attack.py", "tests/publish/test_disclosure_audit.py"),
    "include/publish/audit.py": tuple(
        f"tests/publish/test_{name}.py"
        for name in ("audit_checks", "publish_audit", "preliminary", "public_tables", "disclosure_audit", "backtest")
    ),
    "include/publish/audit_sentences.py": (
        *("tests/publish/test_disclosure_checks.py", "tests/publish/test_publish_audit.py"),
        "tests/publish/test_sentences.py",
    ),
    "include/publish/disclosure_audit.py": (
        *("tests/publish/test_disclosure_checks.py", "tests/publish/test_disclosure_audit.py"),
    ),
    "include/publish/disclosure_files.py": (
        *("tests/publish/test_disclosure_checks.py", "tests/publish/test_disclosure_audit.py"),
    ),
    "include/publish/delivered.py": ("tests/publish/test_delivered.py", "tests/publish/test_disclosure_audit.py"),
    "include/publish/run.py": ("tests/publish/test_publish_release.py", "tests/publish/test_backtest.py"),
    "include/publish/sentences.py": ("tests/publish/test_sentences.py",),
}

#: What a copy needs; everything else of the project stays where it is.
COPIED = ("include", "tests", "dags", "plugins", "benchmarks", "docs")

#: A test run that takes longer than this (seconds) was brought to a stop by the missing guard, which is noticed too.
LONGEST = 600


@dataclass(frozen=True)
class Guard:
    """A guard: where it stands, what it asks, and the source of its module without it."""

    path: str
    line: int
    text: str
    without: str
    tests: tuple[str, ...]


def guards(root: Path = ROOT) -> list[Guard]:
    """Return every guard of the modules, in the order of their paths and lines."""
    found = []
    for name, tests in GUARDED.items():
        folder = root / name
        for path in sorted(folder.rglob("*.py")) if folder.is_dir() else [folder]:
            source = path.read_text(encoding="utf-8")
            relative = path.relative_to(root).as_posix()
            found += [Guard(relative, line, text, without, tests) for line, text, without in _taken_away(source)]
    return found


def _taken_away(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield each guard of a module: its line, its condition (or the check's name), and the source without it."""
    tree = ast.parse(source)
    checks = _named_checks(tree)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.If)
            and _refuses(node.body[-1])
            and not _is_main(node)
            and not _is_shortcut(node, source)
        ):
            condition = ast.get_source_segment(source, node.test) or ""
            # What the condition assigns is still assigned.
            yield node.lineno, " ".join(condition.split()), _replaced(source, node.test, f"(({condition}) and False)")
        elif isinstance(node, ast.FunctionDef) and node.name in checks:
            lines = source.splitlines(keepends=True)
            first = node.body[1] if len(node.body) > 1 else node.body[0]  # after the docstring
            lines.insert(first.lineno - 1, " " * first.col_offset + "return iter(())\n")
            yield node.lineno, node.name, "".join(lines)


def _refuses(last: ast.stmt) -> bool:
    """Return whether a branch ends in a refusal: an error, a fault that is yielded, or an answer given early."""
    if isinstance(last, ast.Expr):
        return isinstance(last.value, ast.Yield | ast.YieldFrom)
    return isinstance(last, ast.Raise) or (isinstance(last, ast.Return) and last.value is not None)


def _is_main(node: ast.If) -> bool:
    return "__name__" in ast.dump(node.test)


def _is_shortcut(node: ast.If, source: str) -> bool:
    """Return whether a comment calls the branch a shortcut: without it the same comes out, later."""
    lines = source.splitlines()
    return any("# shortcut" in lines[at] for at in (node.lineno - 2, node.lineno - 1) if at >= 0)


def _named_checks(tree: ast.Module) -> set[str]:
    """Return the names of the functions in a module's list CHECKS."""
    for node in tree.body:
        target = node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(target, ast.Name) and target.id == "CHECKS" and isinstance(node, ast.AnnAssign) and node.value:
            return {each.id for each in ast.walk(node.value) if isinstance(each, ast.Name)}
    return set()


def _replaced(source: str, node: ast.expr, text: str) -> str:
    """Return a source with one expression in place of another."""
    lines = source.splitlines(keepends=True)
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    # Offsets count bytes.
    head = lines[node.lineno - 1].encode()[: node.col_offset].decode()
    tail = lines[node.end_lineno - 1].encode()[node.end_col_offset :].decode()
    return "".join([*lines[: node.lineno - 1], head, text, tail, *lines[node.end_lineno :]])


def outcome(guard: Guard, copy: Path) -> str:
    """Run the tests of a guard in a copy of the project without it.

    Returns:
        ``caught``; ``missed`` if every test stayed green.
    """
    place = copy / guard.path
    before = place.read_bytes()
    place.write_text(guard.without, encoding="utf-8")
    try:
        return "missed" if _green(guard.tests, copy) else "caught"
    finally:
        place.write_bytes(before)


def _green(tests: Sequence[str], copy: Path) -> bool:
    """Return whether tests pass in a copy of the project."""
    own = {"PYTHONPATH": str(copy), "FOLLOWUP_HOME": str(copy / "home"), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests],
            cwd=copy,
            env=os.environ | own,
            capture_output=True,
            timeout=LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _copy(parent: Path, number: int) -> Path:
    copy = parent / str(number)
    for name in COPIED:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy2(path, copy / path.name)
    return copy


def main() -> int:
    """Take away the guards, print which were missed by no test, and return 0 if at least 95 % were caught."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--only", default="", help="only guards of paths that begin so")
    parser.add_argument("--sample", type=int, help="this many, drawn at random")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    chosen = [guard for guard in guards() if guard.path.startswith(asked.only)]
    if not chosen:
        parser.error(f"no guard stands in a path that begins with {asked.only!r}")
    if asked.sample is not None and asked.sample < len(chosen):
        drawn = random.Random(asked.seed).sample(chosen, asked.sample)  # noqa: S311 - no secret
        chosen = sorted(drawn, key=lambda g: (g.path, g.line))
    with tempfile.TemporaryDirectory(prefix="followup-guards-") as parent:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(asked.workers):
            copies.put(_copy(Path(parent), number))

        whole = copies.get()
        for tests in sorted({guard.tests for guard in chosen}):
            if not _green(tests, whole):
                print(f"{', '.join(tests)}: red with every guard in its place; nothing can be told.", file=sys.stderr)
                return 2
        copies.put(whole)

        def tried(guard: Guard) -> str:
            copy = copies.get()
            try:
                return outcome(guard, copy)
            finally:
                copies.put(copy)

        counts: Counter[tuple[str, str]] = Counter()
        with ThreadPoolExecutor(asked.workers) as pool:
            for guard, result in zip(chosen, pool.map(tried, chosen), strict=True):
                counts[guard.path, result] += 1
                if result == "missed":
                    print(f"missed  {guard.path}:{guard.line}  {guard.text}", flush=True)
    for path in sorted({guard.path for guard in chosen}):
        print(f"{counts[path, 'caught']:4} of {counts[path, 'caught'] + counts[path, 'missed']:4} caught  {path}")
    caught = sum(number for (_, result), number in counts.items() if result == "caught")
    print(f"{caught} of {len(chosen)} guards caught when taken away ({caught / len(chosen):.1%})")
    return 0 if caught >= 0.95 * len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
