"""Change control, on simulated histories of one contract from its first draft to its second major version."""

import json
import shutil
from pathlib import Path

import msgspec
import pytest

from plan_contracts import Contract, ContractFrozen, PlanErrors, payload_hash
from plan_contracts.compat import Change
from plan_contracts.golden_cases import InvalidCase, ValidCase
from plan_contracts.published_files import INDEX, Catalogue
from plan_contracts.registry import RegisteredContract
from plan_contracts.schema_export import (
    SHIPPED,
    check_lines,
    copies_of,
    differences,
    faults,
    read_index,
    release,
    write,
)


class Invoice(Contract, frozen=True, kw_only=True):
    """A demand for money."""

    number: int
    """Its number."""
    note: str = ""
    """What else there is to say."""


class InvoiceWithDay(Contract, frozen=True, kw_only=True):
    """A demand for money."""

    number: int
    """Its number."""
    note: str = ""
    """What else there is to say."""
    day: str | None = None
    """When it is due."""


class InvoiceInText(Contract, frozen=True, kw_only=True):
    """A demand for money."""

    number: str
    """Its number."""
    note: str = ""
    """What else there is to say."""


class Reworded(Contract, frozen=True, kw_only=True):
    """A demand for money, politely."""

    number: int
    """Its number."""
    note: str = ""
    """What else there is to say."""


def catalogue(
    kind: type[Contract], version: str, number: int | str = 7, *, older: tuple[RegisteredContract, ...] = ()
) -> Catalogue:
    """Give what the code would publish if it held this version of the contract."""
    return Catalogue(
        contracts=(RegisteredContract("invoice", kind, version),),
        older=older,
        valid=(ValidCase("invoice", "plain", msgspec.convert({"number": number}, kind)),),
        invalid=(InvalidCase("invoice", "empty", {}),),
    )


FIRST = catalogue(Invoice, "1.0")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    published = tmp_path / "contracts"
    write(published, catalogue=FIRST)
    return published


@pytest.fixture
def released(folder: Path) -> Path:
    release(folder, "invoice", FIRST)
    return folder


def listed(folder: Path, source: Catalogue) -> list[tuple[str, Change]]:
    return [(each.path, each.change) for each in differences(folder, source)]


def test_draft_changes_freely_and_each_difference_has_a_class(folder: Path) -> None:
    breaking = catalogue(InvoiceInText, "1.0", "7")
    assert listed(folder, breaking) == [
        (INDEX, Change.NONE),
        ("invoice/1.0/empty.error.json", Change.NONE),
        ("invoice/1.0/plain.json", Change.BREAKING),
        ("invoice/1.0/plain.msgpack", Change.NONE),
        ("invoice/1.0/schema.json", Change.BREAKING),
    ]
    assert faults(folder, breaking) == []
    write(folder, catalogue=breaking)
    assert differences(folder, breaking) == []


def test_check_prints_class_details_and_the_next_command(folder: Path) -> None:
    lines = check_lines(folder, catalogue(InvoiceWithDay, "1.0"))
    assert f"{folder / 'invoice/1.0/schema.json'} differs from what the code says (additive)" in lines
    assert "  additive: $.day: the field is new" in lines
    assert lines[-3:] == [
        "5 files differ: 4 none, 1 additive.",
        "To publish what the code says:",
        f"  uv run python -m plan_contracts.schema_export --write {folder}",
    ]


def test_other_wording_is_a_difference_of_class_none(released: Path) -> None:
    assert ("invoice/1.1/schema.json", Change.NONE) in listed(released, catalogue(Reworded, "1.1"))
    assert ("invoice/1.1/schema.json", Change.ADDITIVE) in listed(released, catalogue(InvoiceWithDay, "1.1"))


def test_example_that_is_refused_now_and_refusal_that_is_accepted_now_are_breaking(folder: Path) -> None:
    (folder / "invoice/1.0/plain.json").write_text('{"number": "seven"}')
    (folder / "invoice/1.0/empty.invalid.json").write_text('{"number": 8}')
    assert listed(folder, FIRST) == [
        ("invoice/1.0/empty.invalid.json", Change.BREAKING),
        ("invoice/1.0/plain.json", Change.BREAKING),
    ]


def test_other_bytes_for_the_same_document_are_breaking(folder: Path) -> None:
    (folder / "invoice/1.0/plain.msgpack").write_bytes(msgspec.msgpack.encode({"note": "", "number": 7}))
    assert listed(folder, FIRST) == [("invoice/1.0/plain.msgpack", Change.BREAKING)]


def test_changes_of_arrow_schemas_and_error_codes_are_classified(folder: Path) -> None:
    table = folder / "arrow" / "datafusion_hamilton_events_v2.json"
    table.write_text(table.read_text().replace('"int64"', '"int32"'))
    errors = folder / "errors" / "errors.json"
    errors.write_text(errors.read_text().replace('"exit_code": 4', '"exit_code": 1'))
    assert listed(folder, FIRST) == [(f"arrow/{table.name}", Change.BREAKING), ("errors/errors.json", Change.BREAKING)]
    plain = json.loads((SHIPPED / "errors" / "errors.json").read_text())
    errors.write_text(json.dumps({"errors": plain["errors"][1:]}))
    table.unlink()
    assert listed(folder, FIRST) == [(f"arrow/{table.name}", Change.ADDITIVE), ("errors/errors.json", Change.ADDITIVE)]


def test_release_freezes_and_is_made_once(released: Path) -> None:
    assert [(entry.version, entry.state) for entry in read_index(released).contracts] == [("1.0", "released")]
    assert differences(released, FIRST) == []
    with pytest.raises(ContractFrozen, match="released already"):
        release(released, "invoice", FIRST)


def test_release_of_what_was_not_written_is_refused(folder: Path) -> None:
    with pytest.raises(
        ContractFrozen, match=r"1\.0/empty\.error\.json differs from what the code says, and would be frozen"
    ):
        release(folder, "invoice", catalogue(InvoiceWithDay, "1.0"))


def test_edited_released_file_is_caught_and_not_overwritten(released: Path) -> None:
    edited = released / "invoice/1.0/plain.json"
    edited.write_bytes(edited.read_bytes().replace(b"7", b"8"))
    assert [(each.path, each.what) for each in differences(released, FIRST)] == [
        ("invoice/1.0/plain.json", "is not the file that was released")
    ]


def test_edited_released_file_is_caught_also_when_the_index_is_edited_with_it(released: Path) -> None:
    edited, index = released / "invoice/1.0/plain.json", released / INDEX
    old = payload_hash(edited.read_bytes())
    edited.write_bytes(edited.read_bytes().replace(b"7", b"8"))
    index.write_text(index.read_text().replace(old, payload_hash(edited.read_bytes())))
    assert ("invoice/1.0/plain.json", Change.NONE) in listed(released, FIRST)
    with pytest.raises(ContractFrozen, match="is released") as caught:
        write(released, catalogue=FIRST)
    assert caught.value.suggestion == "Restore the file, or give the contract version 1.1 in `registry.py`."
    assert b"8" in edited.read_bytes()


@pytest.mark.parametrize(
    ("kind", "number", "version"), [(InvoiceWithDay, 7, "1.1"), (InvoiceInText, "7", "2.0"), (Invoice, 9, "1.1")]
)
def test_change_of_a_released_version_is_refused_and_says_which_version_it_needs(
    released: Path, kind: type[Contract], number: int | str, version: str
) -> None:
    changed = catalogue(kind, "1.0", number)
    with pytest.raises((ContractFrozen, PlanErrors)) as caught:
        write(released, catalogue=changed)
    assert f"give the contract version {version} in `registry.py`" in str(caught.value)
    assert "Then:" in check_lines(released, changed)


def test_addition_becomes_a_new_minor_version_and_the_old_one_stays(released: Path) -> None:
    before = {path.name: path.read_bytes() for path in (released / "invoice" / "1.0").iterdir()}
    newer = catalogue(InvoiceWithDay, "1.1")
    write(released, catalogue=newer)
    assert differences(released, newer) == []
    assert [(entry.version, entry.state) for entry in read_index(released).contracts] == [
        ("1.0", "released"),
        ("1.1", "draft"),
    ]
    assert {path.name: path.read_bytes() for path in (released / "invoice" / "1.0").iterdir()} == before
    (released / "invoice/1.0/schema.json").unlink()
    assert [each.what for each in differences(released, newer)] == ["is missing, and it is released"]


def test_breaking_change_under_a_minor_version_is_refused(released: Path) -> None:
    with pytest.raises(PlanErrors) as caught:
        write(released, catalogue=catalogue(InvoiceInText, "1.1", "7"))
    assert [error.message for error in caught.value.errors] == [
        "invoice/1.0/plain.json is released, and nothing reads it any more",
        "`invoice` 1.1 breaks readers of 1.0: $.number: the type was `integer` and is `string`",
    ]
    assert caught.value.errors[1].suggestion == "Give the contract version 2.0 in `registry.py`."


def test_new_major_version_needs_the_old_type_that_reads_what_was_released(released: Path) -> None:
    with pytest.raises(ContractFrozen, match="nothing reads it any more") as caught:
        write(released, catalogue=catalogue(InvoiceInText, "2.0", "7"))
    assert caught.value.suggestion == "Keep the type of `invoice` 1.0 in `registry.OLDER_MAJORS`."
    both = catalogue(InvoiceInText, "2.0", "7", older=FIRST.contracts)
    write(released, catalogue=both)
    assert differences(released, both) == []
    assert [entry.version for entry in read_index(released).contracts] == ["1.0", "2.0"]


def test_version_below_a_release_is_refused(released: Path) -> None:
    with pytest.raises(ContractFrozen, match=r"is 0\.9 in the code, and 1\.0 is released") as caught:
        write(released, catalogue=catalogue(Invoice, "0.9", older=FIRST.contracts))
    assert caught.value.suggestion == "Give the contract version 1.1 or more in `registry.py`."


def test_minor_versions_are_ordered_as_numbers(tmp_path: Path) -> None:
    for version in ("1.9", "1.10"):
        write(tmp_path, catalogue=catalogue(Invoice, version))
        release(tmp_path, "invoice", catalogue(Invoice, version))
    assert [entry.version for entry in read_index(tmp_path).contracts] == ["1.9", "1.10"]


def test_shipped_copy_belongs_to_the_folder_of_its_repository_only(tmp_path: Path) -> None:
    repository = SHIPPED.parents[4]
    assert copies_of(repository / "contracts") == [repository / "contracts", SHIPPED]
    assert copies_of(tmp_path / "contracts") == [tmp_path / "contracts"]


def test_release_of_a_real_contract_leaves_the_others_drafts(tmp_path: Path) -> None:
    folder = tmp_path / "contracts"
    shutil.copytree(SHIPPED, folder)
    assert release(folder, "evidence").state == "released"
    assert differences(folder) == []
    states = {entry.contract: entry.state for entry in read_index(folder).contracts}
    assert states.pop("evidence") == "released"
    assert set(states.values()) == {"draft"}
