"""What the allocators of the engine are told before they are loaded: asked of themselves, in a process of their own."""

import os
import re
import subprocess
import sys

import pytest


def delays(environment: dict[str, str]) -> set[str]:
    """Import the engine in another process, and give the delays that the allocators in it say they keep."""
    without = {name: value for name, value in os.environ.items() if name != "MIMALLOC_PURGE_DELAY"}
    ended = subprocess.run(
        [sys.executable, "-c", "import plan_engine.runtime"],
        env=without | {"MIMALLOC_VERBOSE": "1"} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(re.findall(r"option 'purge_delay': (-?\d+)", ended.stderr))


@pytest.mark.timeout(60)
def test_keep_freed_memory_by_import_reaches_every_allocator() -> None:
    assert delays({}) == {"1000"}


@pytest.mark.timeout(60)
def test_keep_freed_memory_set_by_the_user_stays() -> None:
    assert delays({"MIMALLOC_PURGE_DELAY": "25"}) == {"25"}
