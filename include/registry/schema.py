"""JSON Schema of every kind of registry file, so that an editor completes keys and underlines faults while one types.

``python -m include.registry.schema`` writes them to ``include/registry/schemas``; each YAML file names its own in its
first line, which editors with the YAML language server follow.
"""

import json
from pathlib import Path

from include.registry.models import Agreement, Correction, Extract, Indicator, Model, PartyCheck, PublicTable, Source

FOLDER = Path(__file__).resolve().parent / "schemas"

#: Folder of the registry: the model of its files.
KINDS: dict[str, type[Model]] = {
    "agreements": Agreement,
    "sources": Source,
    "extracts": Extract,
    "indicators": Indicator,
    "corrections": Correction,
    "party_checks": PartyCheck,
    "public_tables": PublicTable,
}


def first_line(kind: str) -> str:
    """Return the first line of a YAML file in the folder ``kind``, by which an editor finds the schema."""
    return f"# yaml-language-server: $schema=../schemas/{file_name(kind)}"


def file_name(kind: str) -> str:
    """Return the name of the schema for the files in the folder ``kind``."""
    return f"{kind.removesuffix('s')}.json"


def texts() -> dict[str, str]:
    """Return each schema's file name and text, the same for the same models."""
    schemas = {
        file_name(kind): {"$schema": "https://json-schema.org/draft/2020-12/schema"} | model.model_json_schema()
        for kind, model in KINDS.items()
    }
    return {name: json.dumps(schema, ensure_ascii=False, indent=2) + "\n" for name, schema in schemas.items()}


def main() -> None:
    """Write the schemas and say which."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in texts().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(f"wrote {FOLDER / name}")


if __name__ == "__main__":
    main()
