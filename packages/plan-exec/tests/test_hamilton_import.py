"""Importing Hamilton loads no data frame library that nobody asked for, and leaves the environment as it was."""

import subprocess
import sys

import pytest

PROGRAM = """
import os, sys
{before}
from plan_exec.hamilton_import import without_extensions
with without_extensions():
    import plan_exec.hamilton_seam
from hamilton import registry
extensions = [name for name in sys.modules if name.startswith("hamilton.plugins.") and name.endswith("_extensions")]
print(len(extensions), os.environ.get("HAMILTON_AUTOLOAD_EXTENSIONS"))
"""


@pytest.mark.timeout(200)
@pytest.mark.parametrize(
    ("before", "loaded", "variable"),
    [
        ("", False, "None"),
        ('os.environ["HAMILTON_AUTOLOAD_EXTENSIONS"] = "1"', True, "1"),
        ("import hamilton.driver", True, "None"),
    ],
)
def test_import_loads_extensions_only_where_they_are_asked_for(before: str, loaded: bool, variable: str) -> None:
    program = PROGRAM.format(before=before)

    shown = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=180)

    count, left = shown.stdout.split()
    assert (int(count) > 0, left) == (loaded, variable)
