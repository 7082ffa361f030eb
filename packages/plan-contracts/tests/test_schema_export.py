"""The published folder: complete, equal to the code in both places, and frozen where it is released."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from plan_contracts import ContractUnknown
from plan_contracts.descriptions import published_index
from plan_contracts.golden_cases import invalid_cases, valid_cases
from plan_contracts.published_files import INDEX
from plan_contracts.registry import CONTRACTS, registered_contract
from plan_contracts.schema_export import SHIPPED, differences, main, release, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    published = tmp_path / "contracts"
    shutil.copytree(SHIPPED, published)
    return published


def test_shipped_files_agree_with_the_code() -> None:
    assert differences(SHIPPED) == []


def test_folder_of_the_repository_agrees_with_the_shipped_files() -> None:
    top = Path(__file__).parents[3] / "contracts"
    if not top.exists():
        pytest.skip("the package is tested outside its repository")
    assert differences(top) == []
    for path in SHIPPED.rglob("*"):
        if path.is_file():
            assert (top / path.relative_to(SHIPPED)).read_bytes() == path.read_bytes()


def test_second_write_changes_nothing(tmp_path: Path) -> None:
    first = write(tmp_path / "new")
    assert len(first) > 200
    assert write(tmp_path / "new") == []
    assert differences(tmp_path / "new") == []


_WRITE = """
import sys
from pathlib import Path
from plan_contracts.schema_export import write
write(Path(sys.argv[1]))
"""


def test_files_are_equal_under_every_hash_seed(tmp_path: Path) -> None:
    for seed in ("1", "77"):
        subprocess.run(
            [sys.executable, "-c", _WRITE, str(tmp_path / seed)], env={"PYTHONHASHSEED": seed}, check=True, timeout=60
        )
        assert (tmp_path / seed / INDEX).read_bytes() == (SHIPPED / INDEX).read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "INDEX.json",
        "plan_schedule/1.0/schema.json",
        "evidence/1.0/files.msgpack",
        "arrow/datafusion_hamilton_events_v2.json",
    ],
)
def test_edited_file_is_named(folder: Path, path: str) -> None:
    with (folder / path).open("ab") as file:
        file.write(b" ")
    assert [(each.path, each.what) for each in differences(folder)] == [(path, "differs from what the code says")]


def test_missing_and_superfluous_files_are_named(folder: Path) -> None:
    (folder / "evidence" / "1.0" / "files.json").unlink()
    (folder / "evidence" / "1.0" / "mine.json").write_text("{}")
    assert [(each.path, each.what) for each in differences(folder)] == [
        ("evidence/1.0/files.json", "is missing"),
        ("evidence/1.0/mine.json", "is not published by any contract"),
    ]


def test_check_names_the_file_and_prints_the_command_that_mends_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--check", str(folder)]) == 0
    (folder / "evidence" / "1.0" / "schema.json").write_text("{}")
    assert main(["--check", str(folder)]) == 1
    printed = capsys.readouterr().out
    assert f"{folder / 'evidence/1.0/schema.json'} differs from what the code says (breaking)" in printed
    assert f"uv run python -m plan_contracts.schema_export --write {folder}" in printed
    write(folder)
    assert main(["--check", str(folder)]) == 0


def test_unknown_contract_cannot_be_released(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ContractUnknown, match="no contract `evidenc`") as caught:
        release(folder, "evidenc")
    assert caught.value.suggestion == "Did you mean `evidence`?"
    with pytest.raises(ContractUnknown, match="is not published"):
        release(tmp_path / "empty", "evidence")


def test_every_contract_has_valid_and_invalid_cases() -> None:
    names = [contract.name for contract in CONTRACTS]
    assert names == sorted(names)
    assert {case.contract for case in valid_cases()} == set(names)
    assert {case.contract for case in invalid_cases()} == set(names)
    for case in valid_cases():
        assert type(case.document) is registered_contract(case.contract).type


def test_shipped_index_lists_every_contract() -> None:
    listed = {(entry.contract, entry.version) for entry in published_index().contracts}
    assert {(contract.name, contract.version) for contract in CONTRACTS} <= listed


def test_unknown_folder_argument_is_wrong_use() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["contracts"])
    assert caught.value.code == 2
