"""`plan-cli contracts` on everything that builds and exports write."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from command_line import Answer, plan_cli
from plan_contracts import decode_json, payload_hash
from plan_contracts.documents import DocumentCheck, DocumentReport
from plan_contracts.publication import ContractDescription, ContractList, FolderReport, PublishedFiles
from plan_contracts.registry import CONTRACTS

ROOT = Path(__file__).parent.parent
SHOP = ROOT / "docs" / "examples" / "shop"
TIME_LIMIT_SECONDS = 120


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the tutorial's example once."""
    project = tmp_path_factory.mktemp("contracts") / "shop"
    shutil.copytree(SHOP, project, ignore=shutil.ignore_patterns(".plan", "out"))
    answer = plan_cli("build", project)
    assert answer.code == 0, answer.text
    return project


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """Give a copy of the published contracts."""
    folder = tmp_path / "contracts"
    shutil.copytree(ROOT / "contracts", folder)
    return folder


def checked(*files: Path, expected_code: int = 0) -> tuple[DocumentCheck, ...]:
    answer = plan_cli("contracts", "check", *files, "--json")
    assert answer.code == expected_code, answer.text
    return decode_json(answer.out.encode(), DocumentReport).checks


def verified(folder: Path, *, expected_code: int = 0) -> FolderReport:
    answer = plan_cli("contracts", "verify", folder, "--json")
    assert answer.code == expected_code, answer.text
    return decode_json(answer.out.encode(), FolderReport)


def test_list_names_every_contract_with_its_version() -> None:
    listed = decode_json(plan_cli("contracts", "list", "--json").out.encode(), ContractList).contracts
    assert [(each.name, each.version) for each in listed] == [(each.name, each.version) for each in CONTRACTS]
    assert all(each.summary for each in listed)
    assert "cost_table" in plan_cli("contracts", "list").out


def test_show_describes_every_field_of_a_contract() -> None:
    answer = plan_cli("contracts", "show", "plan_schedule_artifact", "--json")
    described = decode_json(answer.out.encode(), ContractDescription)
    schema = json.loads(plan_cli("contracts", "show", "plan_schedule_artifact", "--schema").out)
    fields = schema["$defs"]["PlanScheduleArtifact"]["properties"]
    assert [field.name for field in described.types[0].fields] == list(fields)
    assert all(field.description for kind in described.types for field in kind.fields)
    text = plan_cli("contracts", "show", "plan_schedule_artifact").out
    assert "critical_path_tasks" in text
    assert "not in the identity form" in text


def test_show_prints_an_example_that_check_accepts(tmp_path: Path) -> None:
    file = tmp_path / "costs.json"
    file.write_text(plan_cli("contracts", "show", "cost_table", "--case", "every_source").out)
    (found,) = checked(file)
    assert (found.contract, found.version, found.canonical) == ("cost_table", "1.0", True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["show", "cost_tabel"], "Did you mean `cost_table`?"),
        (["show", "cost_table/9.0"], "There is no version 9.0 of `cost_table`"),
        (["show", "cost_table", "--case", "none"], "`cost_table` 1.0 has no example `none`"),
        (["check", "missing.json"], "missing.json cannot be read"),
        (["check", "plan.toml", "--contract", "cost_tabel"], "no contract `cost_tabel`"),
        (["verify", "missing"], "missing is no folder"),
        (["release", "cost_table", "--folder", "missing"], "is not published in missing"),
        (["check"], "requires an argument"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_is_said_with_exit_code_two(arguments: list[str], says: str, shop: Path) -> None:
    answer = plan_cli("contracts", *arguments, cwd=shop)
    assert (answer.code, says in answer.text) == (2, True), answer.text


def test_check_recognises_every_file_of_a_store(shop: Path) -> None:
    store = shop / ".plan"
    empty = (".lock", ".end")  # markers without content
    files = [path for path in sorted(store.rglob("*")) if path.is_file() and path.suffix not in empty]
    found = {check.contract for check in checked(*files, shop / "plan.toml")}
    assert found >= {
        *("compiled_entry", "cost_table", "event_row", "file_stamps", "plan_schedule_artifact", "project_file"),
        *("plan_validation_artifact", "run_manifest_artifact", "task_history"),
    }
    assert all(each is not None for each in found)


def test_check_reads_what_other_commands_print(shop: Path, tmp_path: Path) -> None:
    printed = {"validate": ["validate", shop], "plan": ["plan", shop], "runs": ["runs", shop]}
    for name, arguments in printed.items():
        (tmp_path / f"{name}.json").write_text(plan_cli(*arguments, "--json").out)
    found = checked(*(tmp_path / f"{name}.json" for name in printed))
    assert all(check.contract is not None and not check.errors for check in found), found


def test_check_counts_the_events_of_a_segment_and_names_a_changed_one(shop: Path, tmp_path: Path) -> None:
    segment = max((shop / ".plan" / "events").rglob("*.parquet"), key=lambda path: path.stat().st_size)
    table = pq.read_table(segment)
    (found,) = checked(segment)
    assert (found.contract, found.version, found.documents) == ("event_row", "2.0", table.num_rows)

    payloads = table["event_payload_msgpack"].to_pylist()
    payloads[-1] = payloads[-1][:-1]
    column = table.schema.get_field_index("event_payload_msgpack")
    changed = table.set_column(column, table.schema.field(column), pa.array(payloads, type=pa.binary()))
    pq.write_table(changed, tmp_path / "changed.parquet")
    (found,) = checked(tmp_path / "changed.parquet", expected_code=1)
    assert [error.message for error in found.errors] == [
        f"Row {table.num_rows - 1} (`{table['event_name'][-1]}`): the hash of the event is not that of its payload"
    ]


def test_check_says_that_an_output_is_no_document(shop: Path) -> None:
    (found,) = checked(next((shop / "out").glob("*.parquet")), expected_code=1)
    assert found.errors[0].message == "It is Parquet, and no segment of events"


def test_check_says_why_and_goes_on_with_the_next_file(shop: Path, tmp_path: Path) -> None:
    artifact = next((shop / ".plan" / "artifacts").iterdir())
    broken = tmp_path / artifact.name
    broken.write_bytes(artifact.read_bytes()[:-1])
    text = plan_cli("contracts", "check", broken, "missing", artifact)
    assert text.code == 2
    lines = [line for line in text.out.splitlines() if not line.startswith(" ")]
    verdicts = [line.rpartition(": ")[0].rpartition(": ")[2] for line in lines]
    assert verdicts == ["not valid", "not valid", "valid"]


def test_verify_of_a_store_finds_the_file_that_has_changed(shop: Path, tmp_path: Path) -> None:
    copied = tmp_path / "shop"
    shutil.copytree(shop, copied)
    whole = verified(copied)
    assert (whole.faults, whole.passed_over > 0, whole.documents > 10) == ((), True, True)
    manifest = next((copied / ".plan" / "runs").glob("*/manifest.msgpack"))
    manifest.write_bytes(manifest.read_bytes()[:-1])
    assert [fault.file for fault in verified(copied, expected_code=1).faults] == [str(manifest)]


def test_verify_of_published_contracts_finds_each_kind_of_fault(published: Path) -> None:
    assert verified(published).faults == ()
    (published / "mine.json").write_text("{}")
    (published / "evidence/1.0/files.msgpack").unlink()
    case = published / "cost_table/1.0/every_source.json"
    case.write_text(case.read_text().replace("declared", "guessed"))
    refusal = published / "cost_table/1.0/negative_cost.invalid.json"
    refusal.write_text(refusal.read_text().replace("-", ""))
    faults = {Path(fault.file).name: fault.message for fault in verified(published, expected_code=1).faults}
    assert set(faults) == {"mine.json", "files.msgpack", "every_source.json", "negative_cost.invalid.json"}
    assert faults["mine.json"] == "it is not listed in INDEX.json"


def test_verify_of_published_contracts_compares_bytes_where_nothing_is_decoded(published: Path) -> None:
    readme = published / "README.md"
    readme.write_text(readme.read_text() + "\n")
    (fault,) = verified(published, expected_code=1).faults
    assert (fault.file, fault.message) == (str(readme), "its bytes are not those whose digest is in INDEX.json")


def test_verify_of_published_contracts_decodes_examples_whose_digests_are_right(published: Path) -> None:
    case, index = published / "cost_table/1.0/every_source.json", published / "INDEX.json"
    before = payload_hash(case.read_bytes())
    case.write_text(case.read_text().replace("declared", "guessed"))
    index.write_text(index.read_text().replace(before, payload_hash(case.read_bytes())))
    (fault,) = verified(published, expected_code=1).faults
    assert fault.file == str(case)
    assert "guessed" in fault.message


def release(name: str, folder: Path) -> Answer:
    return plan_cli("contracts", "release", name, "--folder", folder, "--json")


def test_release_freezes_one_version_and_verify_still_holds(published: Path) -> None:
    answer = release("cost_table", published)
    assert answer.code == 0, answer.text
    assert decode_json(answer.out.encode(), PublishedFiles).state == "released"
    index = json.loads((published / "INDEX.json").read_text())
    assert [entry["contract"] for entry in index["contracts"] if entry["state"] == "released"] == ["cost_table"]
    assert verified(published).faults == ()
    again = release("cost_table", published)
    assert (again.code, "released already" in again.out) == (2, True)


def test_release_leaves_the_copy_of_this_repository_alone(published: Path) -> None:
    before = (ROOT / "contracts" / "INDEX.json").read_bytes()
    assert release("evidence", published).code == 0
    assert (ROOT / "contracts" / "INDEX.json").read_bytes() == before
    assert not any(
        each.state == "released"
        for each in decode_json(plan_cli("contracts", "list", "--json").out.encode(), ContractList).contracts
    )
