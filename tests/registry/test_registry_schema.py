"""The JSON Schemas are those of today's models, and every file of the registry names its own and agrees with it."""

import json
from pathlib import Path

import jsonschema
import pytest

from include.registry import schema
from include.registry.documents import Faults, read_yaml
from include.registry.read import FOLDER

FILES = sorted(path for kind in schema.KINDS for path in (FOLDER / kind).glob("*.yaml"))


def test_the_exported_schemas_are_up_to_date() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in schema.FOLDER.glob("*.json")}
    assert written == schema.texts(), "run: python -m include.registry.schema"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_file_names_its_schema_first_and_agrees_with_it(path: Path) -> None:
    kind = path.parent.name
    assert path.read_text(encoding="utf-8").splitlines()[0] == schema.first_line(kind)
    entry = read_yaml(path, Faults(FOLDER))
    assert entry
    document = json.loads((schema.FOLDER / schema.file_name(kind)).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(document)
    jsonschema.validate(entry.data, document)


def test_a_schema_refuses_an_unknown_key() -> None:
    document = json.loads(schema.texts()["agreement.json"])
    with pytest.raises(jsonschema.ValidationError, match="Additional properties are not allowed"):
        jsonschema.validate({"id": "x", "titel": "y"}, document)
