"""The golden check of the command line, and the nox session that a foreign repository makes of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from plan_contracts import ContractUnknown, CostTable, encode_json_pretty
from plan_contracts.golden_cases import schedules
from plan_contracts.testing.golden_check import main, named_contract


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "goldens").mkdir()
    (tmp_path / "goldens" / "costs.json").write_bytes(encode_json_pretty(schedules.COSTS))
    return tmp_path / "goldens"


def test_shipped_goldens_and_own_ones_hold(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--shipped", f"plan_contracts:CostTable={folder}"]) == 0
    assert "folders hold" in capsys.readouterr().out


def test_golden_that_does_not_hold_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "costs.json").write_text("{}")
    assert main([f"plan_contracts:CostTable={folder}"]) == 1
    assert "costs.json" in capsys.readouterr().out


@pytest.mark.parametrize(
    "name", ["nowhere:Thing", "plan_contracts:Thing", "plan_contracts:artifact_id", "plan_contracts"]
)
def test_name_of_no_contract_is_refused(name: str, folder: Path) -> None:
    with pytest.raises(ContractUnknown):
        named_contract(name)
    assert main([f"{name}={folder}"]) == 2


def test_contract_is_imported_by_name() -> None:
    assert named_contract("plan_contracts:CostTable") is CostTable


def test_nothing_to_check_is_wrong_use() -> None:
    with pytest.raises(SystemExit):
        main([])


NOXFILE = """
from plan_contracts.testing.nox_sessions import contract_goldens
contract_goldens({"plan_contracts:CostTable": "goldens"}, install=())
"""


@pytest.mark.timeout(60)
def test_foreign_noxfile_gets_the_session(folder: Path) -> None:
    (folder.parent / "noxfile.py").write_text(NOXFILE)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-m", "nox", "--no-venv", "--no-install", "--non-interactive"]
    done = subprocess.run(
        command, cwd=folder.parent, env=environment, capture_output=True, text=True, check=False, timeout=50
    )
    assert done.returncode == 0, done.stderr
    assert "contract-goldens" in done.stderr
    (folder / "costs.json").write_text("{}")
    broken = subprocess.run(
        command, cwd=folder.parent, env=environment, capture_output=True, text=True, check=False, timeout=50
    )
    assert broken.returncode != 0
