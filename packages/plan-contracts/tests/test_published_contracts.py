"""The published files as readers without this project see them: by jsonschema and msgpack alone."""

import hashlib
import inspect
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import jsonschema
import msgspec
import pytest

from plan_contracts import (
    EVENTS_COLUMNS,
    Contract,
    DocumentRefused,
    Envelope,
    EventRow,
    UnknownEvent,
    decode_event,
    decode_json,
    decode_msgpack,
)
from plan_contracts.golden_cases import invalid_cases
from plan_contracts.json_schemas import contract_schema
from plan_contracts.registry import CONTRACTS, RegisteredContract, registered_contract
from plan_contracts.schema_export import SHIPPED
from plan_contracts.testing import assert_goldens

SCHEMAS = sorted(SHIPPED.glob("*/*/schema.json"))
VALID = [
    path for path in sorted(SHIPPED.glob("*/*/*.json"))
    if path.name != "schema.json" and not path.name.endswith((".invalid.json", ".error.json"))
]  # fmt: skip
EVENT_KINDS = {contract.name for contract in CONTRACTS if issubclass(contract.type, Envelope)}
BEYOND_SCHEMA = {(case.contract, case.name) for case in invalid_cases() if not case.in_schema}


def named(path: Path) -> str:
    return path.relative_to(SHIPPED).as_posix()


def accepts(folder: Path, document: Any) -> bool:
    schema = json.loads((folder / "schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    return validator.is_valid(document)  # pyright: ignore[reportUnknownMemberType]  # an overload of the stubs has no type


@pytest.mark.parametrize("path", VALID, ids=named)
def test_schema_accepts_the_valid_case(path: Path) -> None:
    assert accepts(path.parent, json.loads(path.read_text(encoding="utf-8")))


def without_defaults(value: object) -> object:
    """Give plain values without the fields that may be left out, at any depth."""
    if isinstance(value, Contract):
        tag = value.__struct_config__
        kept = {
            field.encode_name: without_defaults(getattr(value, field.name))
            for field in msgspec.structs.fields(type(value))
            if field.required or getattr(value, field.name) != field.default
        }
        return kept if tag.tag_field is None else {tag.tag_field: tag.tag, **kept}
    if isinstance(value, dict):
        mapping = cast("dict[str, object]", value)
        return {key: without_defaults(item) for key, item in mapping.items()}
    if isinstance(value, list | tuple):
        return [without_defaults(item) for item in cast("list[object]", value)]
    return cast("object", msgspec.to_builtins(value))


@pytest.mark.parametrize("path", VALID, ids=named)
def test_schema_and_decoder_accept_the_valid_case_without_what_has_a_default(path: Path) -> None:
    contract = registered_contract(path.parts[-3]).type
    document = decode_json(path.read_bytes(), contract)
    shortest = without_defaults(document)
    assert accepts(path.parent, shortest)
    assert decode_json(msgspec.json.encode(shortest), contract) == document


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*/*/*.invalid.json")), ids=named)
def test_schema_refuses_the_invalid_case_where_it_can(path: Path) -> None:
    case = (path.parts[-3], path.name.removesuffix(".invalid.json"))
    accepted = accepts(path.parent, json.loads(path.read_text(encoding="utf-8")))
    assert accepted == (case in BEYOND_SCHEMA)


@pytest.mark.parametrize("path", VALID, ids=named)
def test_msgpack_golden_holds_the_same_document(path: Path, unpack: Callable[[bytes], Any]) -> None:
    packed = unpack(path.with_suffix(".msgpack").read_bytes())
    plain = json.loads(path.read_text(encoding="utf-8"))
    spelt = {key: msgspec.to_builtins(value) if isinstance(value, bytes) else value for key, value in packed.items()}
    assert spelt == plain


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_goldens_of_every_contract_hold(contract: RegisteredContract) -> None:
    assert assert_goldens(SHIPPED / contract.folder, contract.type)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_every_field_and_type_is_described(contract: RegisteredContract) -> None:
    schema = cast("dict[str, Any]", contract_schema(contract))
    missing = [
        f"{name}.{field}"
        for name, definition in schema["$defs"].items()
        for field, part in (("", definition), *definition.get("properties", {}).items())
        if field != "kind" and not part.get("description")
    ]
    assert missing == []
    for definition in schema["$defs"].values():  # Python takes the indentation away from 3.13 on only
        assert inspect.cleandoc(definition["description"]) == definition["description"]


def integers(part: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every part of a schema that allows an integer, with its place."""
    if isinstance(part, dict):
        found = cast("dict[str, Any]", part)
        if found.get("type") == "integer":
            yield path, found
        for key, inner in found.items():
            yield from integers(inner, f"{path}.{key}")
    elif isinstance(part, list):
        for inner in cast("list[Any]", part):
            yield from integers(inner, path)


@pytest.mark.parametrize("path", SCHEMAS, ids=named)
def test_every_integer_has_bounds_within_64_bits(path: Path) -> None:
    """JSON would hold longer ones, MessagePack and Arrow do not."""
    for place, part in integers(json.loads(path.read_text(encoding="utf-8"))["$defs"], "$"):
        assert part["minimum"] >= -(2**63), place
        assert part["maximum"] <= 2**63 - 1, place


@pytest.mark.parametrize("path", VALID, ids=named)
def test_document_of_a_newer_minor_version_is_read(path: Path, unpack: Callable[[bytes], Any]) -> None:
    contract = registered_contract(path.parts[-3]).type
    newer = {**json.loads(path.read_text(encoding="utf-8")), "added_by_a_newer_minor": {"any": [1, None]}}
    packed = {**unpack(path.with_suffix(".msgpack").read_bytes()), "added_by_a_newer_minor": {"any": [1, None]}}
    if contract.__struct_config__.forbid_unknown_fields:
        with pytest.raises(DocumentRefused, match="unknown field"):
            decode_json(json.dumps(newer).encode(), contract)
        return
    known = decode_json(path.read_bytes(), contract)
    assert decode_json(json.dumps(newer).encode(), contract) == known
    assert decode_msgpack(msgspec.msgpack.encode(packed), contract) == known


@pytest.mark.parametrize("event", [path for path in VALID if path.parts[-3] in EVENT_KINDS], ids=named)
def test_event_of_a_newer_minor_version_is_read_and_of_an_unknown_kind_is_kept(event: Path) -> None:
    plain = json.loads(event.read_text(encoding="utf-8"))
    newer = msgspec.msgpack.encode({**plain, "added_by_a_newer_minor": 1})
    assert isinstance(decode_event(newer), Envelope)
    unheard = msgspec.msgpack.encode({**plain, "kind": "unheard_of"})
    assert decode_event(unheard) == UnknownEvent(kind="unheard_of", raw=unheard)


@pytest.mark.parametrize(
    ("files", "contract"),
    [
        ("*/*/*.error.json", "error_payload"),
        ("errors/*_*.json", "error_payload"),
        ("errors/errors.json", "error_catalogue"),
        ("arrow/*.json", "arrow_table"),
        ("INDEX.json", "published_index"),
    ],
)
def test_every_other_published_document_fits_its_schema_too(files: str, contract: str) -> None:
    paths = sorted(SHIPPED.glob(files))
    assert paths
    for path in paths:
        assert accepts(SHIPPED / registered_contract(contract).folder, json.loads(path.read_text(encoding="utf-8"))), (
            path
        )


def test_index_holds_the_digest_of_every_other_file() -> None:
    index = json.loads((SHIPPED / "INDEX.json").read_text())
    listed = {path: digest for entry in index["contracts"] for path, digest in entry["files"].items()} | index["other"]
    present = {
        named(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in SHIPPED.rglob("*")
        if path.is_file() and path.name != "INDEX.json"
    }
    assert listed == present


def test_event_row_has_the_columns_of_the_event_table() -> None:
    published = json.loads((SHIPPED / "arrow" / "datafusion_hamilton_events_v2.json").read_text())
    assert [(column["name"], column["type"], column["nullable"]) for column in published["columns"]] == [
        ("event_time_unix_ms", "int64", False),
        ("profile_name", "string", True),
        ("run_id", "string", False),
        ("event_name", "string", False),
        ("plan_signature", "string", False),
        ("reduced_plan_signature", "string", False),
        ("event_payload_msgpack", "binary", False),
        ("event_payload_hash", "string", False),
    ]
    assert tuple(column.name for column in EVENTS_COLUMNS) == EventRow.__struct_fields__


def test_readme_names_every_contract() -> None:
    text = (SHIPPED / "README.md").read_text()
    for contract in CONTRACTS:
        assert f"[{contract.name}]({contract.folder}/schema.json)" in text
        assert (SHIPPED / contract.folder / "schema.json").exists()
