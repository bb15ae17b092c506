"""Files of the registry as data that remembers its lines, so that every fault names file and line.

YAML is read with the C parser. Marks are only composed when a fault must be told, since DAG files read the registry
while Airflow parses them.
"""

import csv
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from include.errors import RegistryError

Loc = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)


class _Loader(yaml.CSafeLoader):
    """The C loader that refuses a key written twice, where YAML itself would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: dict[str, int] = {}
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                raise _DuplicateKey(line, f"the key '{key.value}' stands here and in line {seen[key.value]}; keep one")
            seen[key.value] = line
        return super().construct_mapping(node, deep=deep)


# Dates stay text for the models to read: the loader's own reading of them stops at an impossible one without a line.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


class _DuplicateKey(Exception):
    """A key stands twice in one mapping; args are the line and the message."""


@dataclass
class Faults:
    """All faults of one reading, told together: an editor wants to see every one, not the first."""

    root: Path
    found: list[str] = field(default_factory=list)

    def add(self, path: Path, line: int, message: str) -> None:
        """Note a fault; ``message`` says what was found and what was expected."""
        self.found.append(f"{self.shown(path)}:{line}: {message}")

    def shown(self, path: Path) -> str:
        """Return how a file is named: by its place in the registry, or whole where it lies elsewhere."""
        return str(path.relative_to(self.root) if path.is_relative_to(self.root) else path)

    def stop(self) -> None:
        """Raise RegistryError with all the faults noted so far, or return if there are none."""
        if self.found:
            count = "1 fault" if len(self.found) == 1 else f"{len(self.found)} faults"
            raise RegistryError(f"The registry in {self.root} has {count}:\n" + "\n".join(f"  {f}" for f in self.found))


@dataclass(frozen=True)
class Entry:
    """One thing read from the registry: its plain data, and where it stands."""

    path: Path
    data: Any
    row: int | None = None  # line of a CSV row; None for a YAML file

    @cached_property
    def _marks(self) -> yaml.Node | None:
        return yaml.compose(self.path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)

    def line(self, loc: Loc = ()) -> int:
        """Return the line (from 1) of the deepest part of ``loc`` that the file has."""
        if self.row is not None:
            return self.row
        node, line = self._marks, 1
        for part in loc:
            if isinstance(node, yaml.MappingNode):
                pair = next(((key, value) for key, value in node.value if key.value == part), None)
                if pair is None:  # the tag of a union, or a key that is missing
                    continue
                line, node = pair[0].start_mark.line + 1, pair[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
                line = node.start_mark.line + 1
        return line


def read_yaml(path: Path, faults: Faults) -> Entry | None:
    """Return one YAML file as an entry, or None with the fault noted."""
    try:
        # The loader is a CSafeLoader: it builds plain values only.
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506
    except _DuplicateKey as error:
        faults.add(path, *error.args)
    except UnicodeDecodeError as error:
        faults.add(path, 1, f"is not UTF-8 (byte {error.start}); save it as UTF-8")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        faults.add(path, mark.line + 1 if mark else 1, f"is not YAML: {error.problem or error.context}")
    except yaml.YAMLError as error:
        faults.add(path, 1, f"is not YAML: {error}")
    else:
        if isinstance(data, dict):
            return Entry(path, data)
        faults.add(path, 1, "is empty or no mapping; expected 'key: value' lines")
    return None


def read_csv(path: Path, columns: Iterable[str], faults: Faults) -> list[Entry]:
    """Return the rows of a code list; an empty cell is left out, so that the model's default holds.

    The separator is a comma, or a semicolon as a Swedish Excel writes it. The columns must be exactly ``columns``.
    """
    expected = list(columns)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        faults.add(path, 1, f"is not UTF-8 (byte {error.start}); save it as 'CSV UTF-8'")
        return []
    lines = text.splitlines()
    header = lines[0] if lines else ""
    reader = csv.reader(lines, delimiter=";" if ";" in header else ",")
    found = next(reader, [])
    if found != expected:
        faults.add(path, 1, f"has the columns {', '.join(found) or 'none'}; expected {', '.join(expected)}")
        return []
    entries = []
    for cells in reader:
        if not any(cells):
            continue
        if len(cells) != len(expected):
            faults.add(path, reader.line_num, f"has {len(cells)} cells; expected {len(expected)}")
            continue
        row = {name: cell.strip() for name, cell in zip(expected, cells, strict=True) if cell.strip()}
        entries.append(Entry(path, row, reader.line_num))
    return entries


def validate(model: type[M], entry: Entry, faults: Faults) -> M | None:
    """Return the entry as ``model``, or None with each fault noted at its line."""
    try:
        return model.model_validate(entry.data)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            loc = detail["loc"]
            key = ".".join(map(str, loc)) or model.__name__
            faults.add(entry.path, entry.line(loc), f"{key}: {_say(detail, model)}")
    return None


def _say(detail: ErrorDetails, model: type[BaseModel]) -> str:
    """Return a pydantic fault in words that tell what was found and what is expected."""
    match detail["type"]:
        case "extra_forbidden":
            known = list(_model_at(model, detail["loc"][:-1]).model_fields)
            near = get_close_matches(str(detail["loc"][-1]), known, n=1)
            hint = f"did you mean '{near[0]}'? " if near else ""
            return f"no such key; {hint}Expected one of: {', '.join(known)}"
        case "missing":
            return "is missing"
        case "string_type":
            return f"found {detail['input']!r}; expected text (write codes and years in quotes, e.g. '0123')"
        case _:
            return f"found {detail['input']!r}; {detail['msg']}"


def _model_at(model: type[BaseModel], loc: Loc) -> type[BaseModel]:
    """Return the model that holds the place ``loc`` below ``model``."""
    candidates = [model]
    for part in loc:
        if not isinstance(part, str):
            continue
        if tagged := [c for c in candidates if len(candidates) > 1 and _has_tag(c, part)]:
            candidates = tagged
            continue
        annotations = [c.model_fields[part].annotation for c in candidates if part in c.model_fields]
        candidates = [m for annotation in annotations for m in _models_in(annotation)] or candidates
    return candidates[0]


def _has_tag(model: type[BaseModel], tag: str) -> bool:
    """Return whether ``tag`` is what the model's ``kind`` says, which tells the members of a union apart."""
    kind = model.model_fields.get("kind")
    return kind is not None and get_origin(kind.annotation) is Literal and tag in get_args(kind.annotation)


def _models_in(annotation: object) -> list[type[BaseModel]]:
    """Return the models that a type annotation speaks of, e.g. those in ``list[Party]`` or ``A | B``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (list, dict, Union, UnionType):
        return [model for arg in get_args(annotation) for model in _models_in(arg)]
    return []
