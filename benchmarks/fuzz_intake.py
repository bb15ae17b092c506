"""Thousands of damaged and hostile deliveries through the gate: each must be read or refused, and nothing else.

Real templates, filled in, and the same numbers as CSV are changed at random: bytes flipped, cut, doubled, spliced;
parts swapped, left out, renamed; tags, attributes and texts replaced by what parsers stumble over; other encodings;
and bytes that are no file at all. Every input follows from seed and number, so that each can be made again.

The inputs are judged in child processes under the limits of the real one, many by each; one that dies, hangs or lets
an exception through that is no refusal names its input. Run it with ``python -m benchmarks.fuzz_intake``; it ends with
exit code 1 if anything was found, and ``--keep FOLDER`` keeps those inputs.
"""

import argparse
import io
import json
import random
import re
import struct
import subprocess
import sys
import threading
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from include.check.intake import child
from include.check.intake.kinds import LARGEST_FILE
from include.check.intake.personal import Allowed
from include.errors import DeliveryRefused, LayoutChanged

INPUTS, SEED, BATCH = 20_000, 1, 100

#: What a verdict begins with if the gate did not do what it must.
UNCONTROLLED, CRASH = "uncontrolled", "crash"


def main() -> int:
    """Judge as many inputs as told and print what came of them; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--inputs", type=int, default=INPUTS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--keep", type=Path, help="folder for the inputs that the gate did not withstand")
    asked = parser.parse_args()
    began, originals = time.monotonic(), seeds()
    verdicts: Counter[str] = Counter()
    bad: list[str] = []
    for number, verdict in _judged(asked.inputs, asked.seed, originals):
        verdicts[verdict.partition(":")[0]] += 1
        if verdict.startswith((UNCONTROLLED, CRASH)):
            bad.append(f"input {number}: {verdict}")
            if asked.keep:
                asked.keep.mkdir(parents=True, exist_ok=True)
                (asked.keep / f"{asked.seed}-{number}").write_bytes(mutated(asked.seed, number, originals))
    print(f"{asked.inputs:,} inputs, seed {asked.seed}, {time.monotonic() - began:.0f} s")
    for verdict, count in verdicts.most_common():
        print(f"  {verdict:24}{count:8,}")
    print(f"crashes: {verdicts[CRASH]}, uncontrolled exceptions: {verdicts[UNCONTROLLED]}")
    print(*bad, sep="\n")
    return 1 if bad else 0


# --- judging -----------------------------------------------------------------------------------------------------


def verdict_of(content: bytes, allowed: Allowed) -> str:
    """Return what the gate makes of an input: read, the rule that refused it, or what it must never be."""
    try:
        child.judge_here(content, "", allowed)
    except DeliveryRefused as refusal:
        return refusal.rule
    except LayoutChanged:
        return "DAMAGED"
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return f"{UNCONTROLLED}: {type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}"
    return "read"


def _judged(inputs: int, seed: int, originals: list[bytes]) -> Iterator[tuple[int, str]]:
    """Yield the number and verdict of every input; a worker that dies is followed by another."""
    from include.check.intake.personal import allowed_of
    from include.registry.read import registry

    code = "from benchmarks.fuzz_intake import serve; serve()"
    command = [sys.executable, "-c", code, json.dumps(allowed_of(registry()).to_json())]
    number = 0
    while number < inputs:
        last = min(number + BATCH, inputs)
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as worker:
            while number < last:
                verdict = _ask(worker, mutated(seed, number, originals))
                yield number, verdict
                number += 1
                if verdict.startswith(CRASH):
                    break
            worker.kill()


def _ask(worker: "subprocess.Popen[bytes]", content: bytes) -> str:
    deadline = threading.Timer(2 * child.SECONDS, worker.kill)
    deadline.start()
    try:
        _send(worker.stdin, content)
        answer = worker.stdout.readline() if worker.stdout else b""
    except BrokenPipeError:
        answer = b""
    finally:
        deadline.cancel()
    return answer.decode().strip() or f"{CRASH}: the worker ended with {worker.wait()}"


def _send(stdin: IO[bytes] | None, content: bytes) -> None:
    assert stdin
    stdin.write(struct.pack("<I", len(content)) + content)
    stdin.flush()


def serve() -> None:
    """Judge inputs from stdin until it ends."""
    allowed = Allowed.from_json(json.loads(sys.argv[1]))
    child.limit(child.SECONDS * BATCH)
    while head := sys.stdin.buffer.read(4):
        content = sys.stdin.buffer.read(struct.unpack("<I", head)[0])
        began = time.process_time()
        verdict = verdict_of(content, allowed)
        if time.process_time() - began > child.SECONDS:
            verdict = f"{CRASH}: took {time.process_time() - began:.0f} s"
        print(verdict, flush=True)


# --- inputs ------------------------------------------------------------------------------------------------------


def seeds() -> list[bytes]:
    """Return the sound files that inputs are made of."""
    from include.registry.delivery import Identity
    from include.registry.read import registry
    from include.registry.templates import csv_form, workbook

    known = registry()
    identities = [Identity("jamtland", *each) for each in (("LST", "2023"), ("K2380", "2023"), ("RJH", "2023-Q1"))]
    templates = [workbook(known, identity) for identity in identities]
    texts = [csv_form(known, identity) for identity in identities[1:]]
    encoded = [texts[0].decode("utf-8-sig").encode(code) for code in ("cp1252", "utf-16", "utf-8")]
    return [*templates, _many_kinds(), _small(), *texts, *encoded]


def _many_kinds() -> bytes:
    """Return a workbook that has what templates have not: comments, rich text, formulas, pictures of text, charts."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet, other = book.add_worksheet("Vuxna"), book.add_worksheet("Gömd")
    other.very_hidden()
    raised, day = book.add_format({"font_script": 1}), book.add_format({"num_format": "yyyy-mm-dd"})
    share = book.add_format({"num_format": "0.0 %"})
    for row in range(30):
        sheet.write_row(row, 0, [f"rad {row}", row, row / 7])
        sheet.write_number(row, 3, 45_000 + row, day)
        sheet.write_number(row, 4, row / 30, share)
        sheet.write_rich_string(row, 5, "12", raised, "1)")
        sheet.write_formula(row, 6, f"=SUM(B1:B{row + 1})", None, row if row % 2 else "")
        sheet.write_boolean(row, 7, row % 2 == 0)
        sheet.write_comment(row, 8, f"anteckning {row}")
    sheet.set_header("&LUttag&R&D")
    sheet.data_validation("B1:B9", {"validate": "list", "source": ["Ja", "Nej"], "input_message": "Välj"})
    sheet.insert_textbox("K2", "text", {"description": "en ruta"})
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "=Vuxna!$B$1:$B$9"})
    sheet.insert_chart("K9", chart)
    sheet.merge_range("A40:C41", "samman")
    book.define_name("leverans_part", "=Vuxna!$A$1")
    book.set_properties({"title": "Uttag", "author": "Avdelningen"})
    book.set_custom_property("Version", "1")
    book.close()
    return out.getvalue()


def _small() -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    book.add_worksheet("Vuxna").write_row(0, 0, ["Kön", 1])
    book.close()
    return out.getvalue()


def mutated(seed: int, number: int, originals: list[bytes]) -> bytes:
    """Return an input: the same for the same seed, number and originals."""
    rng = random.Random(f"{seed}-{number}")  # noqa: S311  to be repeated, not to be secret
    if rng.random() < 0.05:
        return (rng.choice(_STARTS) + rng.randbytes(rng.choice((0, 1, 30, 3000))))[:LARGEST_FILE]
    content = rng.choice(originals)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        is_container = content.startswith(b"PK\x03\x04")
        ways = _OF_BYTES if not is_container or rng.random() < 0.35 else _OF_PARTS
        content = rng.choice(ways)(content, rng, originals)
    return content[:LARGEST_FILE]


Mutation = Callable[[bytes, random.Random, list[bytes]], bytes]

_STARTS = (
    b"", b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"<",
    b"sep=;\n", b"%PDF-",
)  # fmt: skip

#: What parsers stumble over, as bytes of a file or of a part.
_NASTY = (
    b"\x00", b"\r", b"\n", b'"', b";", b"'", b"&", b"<", b">", b"]]>", b"\xff\xff\xff\xff", b"\xc3\x28",
    b"\xed\xa0\x80", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"<![CDATA[x]]>", b"<?x y?>", b"<!-- x -->", b"&b;", b"&#0;",
    b"&#55296;", b"&#x10FFFF;", b"<row>", b"</row>", b"<c>", b"</c>", b"<v>", b"<v>1</v>", b"<f>x|'y'!z</f>",
    b"<is><t>x</t></is>", b"<extLst><c/></extLst>", b"<sheetData>", b"</sheetData>", b"<si>", b"<rPh><t>x</t></rPh>",
    b"_x0000_", b"_xD800_", b"_x0031_", b"811218-9876", b"nan", b"-1", b"1e999", b"99999999999999999999",
    b"XFD1048576", b"A0", b"a@b.se", "å\u030a\u202e".encode(), b"=cmd|'/c'!A0",
)  # fmt: skip

_VALUES = (
    "", "0", "-1", "1", "65536", "1048577", "99999999999", "1e308", "1e999", "nan", "x", "A0", "XFD1048576", "AAAA1",
    "s", "b", "e", "d", "str", "inlineStr", "true", "External", "../../x", "/", "\u00e5", "&#10;", "{0}", "http://x",
    "rId1", "yyyy", "[h]", "0%", '"%', "\\",
)  # fmt: skip


def _flip(content: bytes, rng: random.Random, originals: list[bytes]) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 2, 10, 100))):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _cut(content: bytes, rng: random.Random, originals: list[bytes]) -> bytes:
    first, last = sorted((rng.randrange(len(content) + 1), rng.randrange(len(content) + 1)))
    return rng.choice((content[:first], content[first:], content[:first] + content[last:], content[first:last]))


def _double(content: bytes, rng: random.Random, originals: list[bytes]) -> bytes:
    first, last = sorted((rng.randrange(len(content) + 1), rng.randrange(len(content) + 1)))
    return content[:last] + content[first:last] * rng.choice((1, 2, 20)) + content[last:]


def _splice(content: bytes, rng: random.Random, originals: list[bytes]) -> bytes:
    other = rng.choice(originals)
    return content[: rng.randrange(len(content) + 1)] + other[rng.randrange(len(other) + 1) :]


def _insert(content: bytes, rng: random.Random, originals: list[bytes]) -> bytes:
    place = rng.randrange(len(content) + 1)
    return content[:place] + rng.choice(_NASTY) * rng.choice((1, 1, 1, 50, 5000)) + content[place:]


def _directory(content: bytes, rng: random.Random, originals: list[bytes]) -> bytes:
    """Change sizes, offsets and flags in the headers of a container."""
    places = [match.start() for match in re.finditer(b"PK[\x01\x03\x05][\x02\x04\x06]", content)]
    if not places:
        return _flip(content, rng, originals)
    place = rng.choice(places) + rng.randrange(4, 46)
    return content[:place] + struct.pack("<I", rng.choice((0, 1, 0xFFFF, 0xFFFFFFFF))) + content[place + 4 :]


def _recode(content: bytes, rng: random.Random, originals: list[bytes]) -> bytes:
    text = content.decode("utf-8", errors="replace")
    return text.encode(rng.choice(("utf-16", "utf-16-be", "utf-32", "utf-7", "utf-8-sig")), errors="replace")


_OF_BYTES: tuple[Mutation, ...] = (_flip, _cut, _double, _splice, _insert, _directory, _recode)


def _parts(change: Callable[[dict[str, bytes], random.Random, list[bytes]], None]) -> Mutation:
    """Return a mutation of a container's parts; a container that is broken already is changed as bytes."""

    def mutate(content: bytes, rng: random.Random, originals: list[bytes]) -> bytes:
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                parts = {name: archive.read(name) for name in archive.namelist()}
        except Exception:
            return _flip(content, rng, originals)
        if not parts:
            return content
        change(parts, rng, originals)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, data in parts.items():
                archive.writestr(name, data)
        return out.getvalue()

    return mutate


def _some_part(parts: dict[str, bytes], rng: random.Random) -> str:
    """Return a part, more often one that holds cells or texts."""
    weighty = [name for name in parts if re.search(r"sheet\d|sharedStrings|styles|workbook\.xml$|comments", name)]
    return rng.choice(weighty if weighty and rng.random() < 0.7 else list(parts))


def _swap(parts: dict[str, bytes], rng: random.Random, originals: list[bytes]) -> None:
    one, other = _some_part(parts, rng), _some_part(parts, rng)
    parts[one], parts[other] = parts[other], parts[one]


def _leave_out(parts: dict[str, bytes], rng: random.Random, originals: list[bytes]) -> None:
    del parts[_some_part(parts, rng)]


def _rename(parts: dict[str, bytes], rng: random.Random, originals: list[bytes]) -> None:
    name = rng.choice(("../x", "/x", "xl/worksheets/sheet99.xml", "xl/pivotCache/a.xml", "å.xml", "xl/a\\b", "x" * 300))
    parts[name] = parts[_some_part(parts, rng)]


def _edit_bytes(parts: dict[str, bytes], rng: random.Random, originals: list[bytes]) -> None:
    name = _some_part(parts, rng)
    parts[name] = rng.choice(_OF_BYTES)(parts[name], rng, originals)


def _edit_value(parts: dict[str, bytes], rng: random.Random, originals: list[bytes]) -> None:
    """Replace values of attributes."""
    _edit(parts, rng, rb'="[^"]*"', lambda: b'="' + rng.choice(_VALUES).encode() + b'"')


def _edit_text(parts: dict[str, bytes], rng: random.Random, originals: list[bytes]) -> None:
    """Replace texts, among them numbers of cells and of shared texts."""
    _edit(
        parts, rng, rb">[^<>]+<", lambda: b">" + rng.choice((rng.choice(_NASTY), rng.choice(_VALUES).encode())) + b"<"
    )


def _edit_tag(parts: dict[str, bytes], rng: random.Random, originals: list[bytes]) -> None:
    """Replace tags by none, by two, or by others of the same part."""
    tags = re.findall(rb"<[^>]*>", parts[_some_part(parts, rng)]) or [b""]
    _edit(
        parts, rng, rb"<[^>]*>", lambda: rng.choice((b"", rng.choice(tags), rng.choice(tags) * 2, rng.choice(_NASTY)))
    )


def _edit(parts: dict[str, bytes], rng: random.Random, pattern: bytes, new: Callable[[], bytes]) -> None:
    name = _some_part(parts, rng)
    found = list(re.finditer(pattern, parts[name]))
    for match in sorted(
        rng.sample(found, min(len(found), rng.choice((1, 1, 2, 10)))), key=re.Match.start, reverse=True
    ):
        parts[name] = parts[name][: match.start()] + new() + parts[name][match.end() :]


def _swell(parts: dict[str, bytes], rng: random.Random, originals: list[bytes]) -> None:
    """Repeat an element very many times."""
    name = _some_part(parts, rng)
    match = re.search(rb"<(row|c|si|t|f|x:\w+|xf|comment)\b[^>]*>.*?</\1>", parts[name], re.DOTALL)
    piece = match[0] if match else b"<a>1</a>"
    place = match.end() if match else len(parts[name])
    parts[name] = parts[name][:place] + piece * rng.choice((10, 1000, 20_000)) + parts[name][place:]


_OF_PARTS: tuple[Mutation, ...] = (
    *map(_parts, (_swap, _leave_out, _rename, _edit_bytes, _edit_value, _edit_text, _edit_tag, _swell)),
    *map(_parts, (_edit_value, _edit_text, _edit_tag)),
)


if __name__ == "__main__":
    sys.exit(main())
