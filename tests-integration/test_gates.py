"""The gates shut: a forbidden import and a contract that was changed in silence do not get through."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tree_snapshot import snapshot

TIME_LIMIT_SECONDS = 300
_OURS = ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "NOX_CURRENT_SESSION", "PYTEST_CURRENT_TEST")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Give a copy of the repository."""
    folder = tmp_path / "repository"
    folder.mkdir()
    snapshot(folder)
    return folder


def gate(tree: Path, session: str) -> tuple[int, str]:
    """Run one session of the copy's noxfile; give its exit code and everything that it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "nox", "-s", session],
        cwd=tree,
        env={name: value for name, value in os.environ.items() if name not in _OURS},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIME_LIMIT_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.timeout(TIME_LIMIT_SECONDS)
@pytest.mark.parametrize(
    ("session", "says"),
    [
        ("boundaries", "plan_exec.choice -> plan_store"),
        ("pyrefly(plan-exec)", "Cannot find module `plan_store`"),
        ("tests(plan-exec)", "No module named 'plan_store'"),
    ],
)
def test_gate_import_of_a_sibling_is_refused(session: str, says: str, tree: Path) -> None:
    module = tree / "packages" / "plan-exec" / "src" / "plan_exec" / "choice.py"
    module.write_text(module.read_text() + "\nimport plan_store\n")

    code, shown = gate(tree, session)

    assert code != 0
    assert says in shown


@pytest.mark.timeout(TIME_LIMIT_SECONDS)
def test_contracts_gate_changed_field_names_the_mending_command(tree: Path) -> None:
    module = tree / "packages" / "plan-contracts" / "src" / "plan_contracts" / "graph.py"
    before = module.read_text()
    field = '    message: str\n    """What is wrong, in one sentence."""\n'
    assert field in before
    module.write_text(before.replace(field, field + '    severity: str = "error"\n'))

    refused, shown = gate(tree, "contracts")
    mend = [line for line in shown.splitlines() if "plan_contracts.schema_export --write" in line]
    assert refused != 0
    assert mend

    arguments = mend[0][mend[0].index("-m plan_contracts") :].split("`")[0].split()
    python = tree / ".nox" / "contracts" / "bin" / "python"
    subprocess.run([str(python), *arguments], cwd=tree, check=True, timeout=TIME_LIMIT_SECONDS)
    accepted, shown = gate(tree, "contracts")
    assert accepted == 0, shown
