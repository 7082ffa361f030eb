"""The soak, short: SIGKILL at random moments of builds and compactions, and faults at file operations of an append."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).resolve().parent / "soak"


def run(script: str, **settings: str) -> str:
    """Run a script of the soak to its end; give what it says."""
    done = subprocess.run(
        [sys.executable, str(SOAK / script)],
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.timeout(300)
def test_builds_and_compactions_killed_at_random_lose_and_double_nothing() -> None:
    said = run("soak_kills.py", PLAN_SOAK_BUILDS="3", PLAN_SOAK_COMPACTIONS="2", PLAN_SOAK_WORKERS="1")
    assert "\n3 builds (" in said
    assert "0 lost, 0 doubled, every output whole" in said


@pytest.mark.timeout(300)
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace injects the faults")
def test_append_that_meets_a_fault_at_a_file_operation_loses_and_doubles_nothing() -> None:
    said = run("soak_operations.py", PLAN_SOAK_OF="append", PLAN_SOAK_STEP="7")
    assert [line.split()[1] for line in said.splitlines()[:-1]] == ["SIGKILL", "ENOSPC", "EIO"]
