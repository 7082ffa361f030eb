"""What a file of unknown origin is: every document that was ever written, by its bytes alone."""

import hashlib
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plan_contracts import (
    ContractUnknown,
    CostSource,
    CostTable,
    TaskCost,
    artifact_id,
    encode_json,
    encode_msgpack,
    identity_bytes,
)
from plan_contracts.documents import DocumentCheck, DocumentEncoding, DocumentForm
from plan_contracts.golden_cases import InvalidCase, ValidCase, invalid_cases, valid_cases
from plan_contracts.golden_cases.events import MANIFEST, ROW, STARTED
from plan_contracts.golden_cases.schedules import DIAMOND
from plan_contracts.identity_types import identity_type
from plan_contracts.recognition import check_document
from plan_contracts.registry import CONTRACTS, RegisteredContract
from plan_contracts.schema_export import SHIPPED

TABLE = CostTable(costs={"daily": TaskCost(seconds=1.5, source=CostSource.HISTORY)})


def shown(case: ValidCase | InvalidCase) -> str:
    return f"{case.contract}-{case.name}"


@pytest.mark.parametrize("case", valid_cases(), ids=shown)
def test_document_in_json_is_recognised_without_a_name(case: ValidCase) -> None:
    found = check_document(encode_json(case.document), "x")
    assert (found.contract, found.encoding, found.form) == (case.contract, DocumentEncoding.JSON, DocumentForm.WHOLE)
    assert (found.errors, found.canonical, found.unknown_fields) == ((), True, ())


@pytest.mark.parametrize("case", valid_cases(), ids=shown)
def test_document_in_msgpack_is_recognised_without_a_name(case: ValidCase) -> None:
    found = check_document(encode_msgpack(case.document), "x")
    assert (found.contract, found.encoding) == (case.contract, DocumentEncoding.MSGPACK)
    assert (found.errors, found.canonical) == ((), True)


@pytest.mark.parametrize("case", [case for case in valid_cases() if case.contract.endswith("_artifact")], ids=shown)
def test_artifact_is_recognised_in_identity_form_and_by_its_id(case: ValidCase) -> None:
    data = identity_bytes(case.document)
    found = check_document(data, f"artifacts/{artifact_id(case.document)}")
    assert (found.contract, found.form) == (case.contract, DocumentForm.IDENTITY)
    assert (found.errors, found.canonical) == ((), True)


@pytest.mark.parametrize("case", valid_cases(), ids=shown)
def test_identity_type_gives_the_identity_bytes_back(case: ValidCase) -> None:
    data = identity_bytes(case.document)
    kind = identity_type(type(case.document))
    assert encode_msgpack(msgspec.msgpack.decode(data, type=kind)) == data


@pytest.mark.parametrize("case", invalid_cases(), ids=shown)
def test_refused_document_in_its_published_place_is_held_against_its_contract(case: InvalidCase) -> None:
    version = next(each.version for each in CONTRACTS if each.name == case.contract)
    file = f"{case.contract}/{version}/{case.name}.invalid.json"
    found = check_document((SHIPPED / file).read_bytes(), file)
    assert (found.contract, found.version) == (case.contract, version)
    error = json.loads((SHIPPED / file.replace(".invalid.", ".error.")).read_bytes())
    assert [reason.message for reason in found.errors] == [error["message"]]


def test_error_beside_a_refused_document_is_an_error_document() -> None:
    file = "evidence/1.0/negative_rows.error.json"
    found = check_document((SHIPPED / file).read_bytes(), file)
    assert (found.contract, found.errors) == ("error_payload", ())


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_schema_of_a_contract_is_recognised(contract: RegisteredContract) -> None:
    found = check_document((SHIPPED / contract.folder / "schema.json").read_bytes(), "x")
    assert (found.contract, found.version, found.form) == (contract.name, contract.version, DocumentForm.SCHEMA)


@pytest.mark.parametrize("path", ["INDEX.json", "errors/errors.json", "arrow/datafusion_hamilton_events_v2.json"])
def test_other_published_file_is_recognised(path: str) -> None:
    found = check_document((SHIPPED / path).read_bytes(), "x")
    assert found.contract in ("published_index", "error_catalogue", "arrow_table")
    assert (found.errors, found.canonical) == ((), True)


def test_event_of_an_unknown_kind_is_an_event_without_a_version() -> None:
    found = check_document(msgspec.msgpack.encode({"kind": "cluster_scaled", "workers": 9}), "x")
    assert (found.contract, found.version, found.errors) == ("cluster_scaled", None, ())


def test_document_of_a_newer_minor_version_is_valid_and_its_new_fields_are_named() -> None:
    newer = {**msgspec.to_builtins(STARTED), "zone": "b", "added": 1}
    found = check_document(msgspec.msgpack.encode(newer), "x")
    assert (found.contract, found.errors) == ("task_started", ())
    assert (found.unknown_fields, found.canonical) == (("added", "zone"), False)


def test_invalid_document_says_where_it_breaks_the_contract() -> None:
    found = check_document(b'{"costs": {"daily": {"seconds": -1, "source": "history"}}}', "costs.json")
    assert found.contract == "cost_table"
    assert "Expected `float` >= 0.0" in found.errors[0].message


def test_document_is_held_against_the_contract_that_is_asked_for() -> None:
    found = check_document(encode_json(TABLE), "costs.json", contract="evidence")
    assert found.contract == "evidence"
    assert "missing required field" in found.errors[0].message
    with pytest.raises(ContractUnknown, match="no contract `evidenc`"):
        check_document(b"{}", "x", contract="evidenc")


def test_changed_artifact_is_not_what_its_name_says() -> None:
    data = identity_bytes(DIAMOND).replace(b"report", b"repost")
    found = check_document(data, f"artifacts/{artifact_id(DIAMOND)}")
    assert [error.message for error in found.errors] == ["Its bytes are not those that its name is the digest of"]


def test_document_behind_its_own_digest_is_recognised() -> None:
    data = encode_msgpack(TABLE)
    found = check_document(hashlib.sha256(data).digest() + data, "cache/compiled/x")
    assert (found.contract, found.bytes, found.errors) == ("cost_table", len(data) + 32, ())
    changed = check_document(hashlib.sha256(data).digest() + data[:-1], "cache/compiled/x")
    assert changed.contract is None
    assert changed.errors


def test_event_row_with_another_payload_is_not_valid() -> None:
    other = msgspec.structs.replace(ROW, event_payload_msgpack=b"\x80")
    found = check_document(encode_msgpack(other), "x")
    assert found.contract == "event_row"
    assert "hash of the event" in found.errors[0].message


def test_indented_document_with_fields_in_another_order_is_valid_and_not_canonical() -> None:
    text = json.dumps(dict(reversed(list(msgspec.to_builtins(MANIFEST).items()))))
    found = check_document(text.encode(), "manifest.json")
    assert (found.contract, found.errors, found.canonical) == ("run_manifest_artifact", (), False)


def test_project_file_names_every_fault_with_its_line() -> None:
    text = b'[project]\nname = "shop"\nviws = "views"\n[datasets.orders]\npth = "x"\n'
    found = check_document(text, "shop/plan.toml")
    assert (found.contract, found.encoding) == ("project_file", DocumentEncoding.TOML)
    lines = [error.location.line for error in found.errors if error.location is not None]
    assert {3, 5} <= set(lines)


def test_project_file_that_is_not_utf8_is_refused() -> None:
    found = check_document(b"[project]\nname = '\xff'", "plan.toml")
    assert "not UTF-8 text: byte 18" in found.errors[0].message


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"", None),
        (b"select 1", None),
        (b"PAR1....PAR1", DocumentEncoding.PARQUET),
        (b'{"unheard": 1}', DocumentEncoding.JSON),
        (b"{", DocumentEncoding.JSON),
        (b"\x81", DocumentEncoding.MSGPACK),
        (b"\x81\xa1x" + b"\x91" * 100_000, DocumentEncoding.MSGPACK),
        (b'{"x":' + b"[" * 100_000, DocumentEncoding.JSON),
    ],
)
def test_file_that_is_no_document_is_refused(data: bytes, encoding: DocumentEncoding | None) -> None:
    found = check_document(data, "x")
    assert (found.encoding, found.contract, found.version) == (encoding, None, None)
    assert len(found.errors) == 1


@settings(max_examples=300)
@given(st.binary(max_size=60))
def test_arbitrary_bytes_never_raise(data: bytes) -> None:
    assert isinstance(check_document(data, "x"), DocumentCheck)


def test_every_shipped_file_is_what_its_folder_says() -> None:
    for path in sorted(SHIPPED.glob("*/*/*.*")):
        found = check_document(path.read_bytes(), path.name)
        if path.name == "schema.json":
            assert found.form is DocumentForm.SCHEMA
        elif path.name.endswith(".error.json"):
            assert found.contract == "error_payload", path
        elif not path.name.endswith(".invalid.json"):
            assert found.contract == path.parts[-3], path


def test_name_of_a_file_may_be_a_path(tmp_path: Path) -> None:
    found = check_document(encode_json(TABLE), str(tmp_path / "costs.json"))
    assert found.file == str(tmp_path / "costs.json")
