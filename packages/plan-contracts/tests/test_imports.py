"""What an import of the package loads."""

import subprocess
import sys

import pytest

import plan_contracts

HEAVY = ("hypothesis", "nox", "pyarrow", "datafusion", "numpy", "jsonschema", "msgpack", "pytest", "asyncio")


@pytest.mark.parametrize("module", ["plan_contracts", "plan_contracts.testing", "plan_contracts.schema_export"])
def test_import_loads_no_heavy_module(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert loaded.isdisjoint(HEAVY)


def test_import_of_the_root_leaves_golden_cases_and_exporter_alone() -> None:
    code = "import sys, plan_contracts; print(*(name for name in sys.modules if name.startswith('plan_contracts')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stdout.split())
    assert "plan_contracts.codec" in loaded
    assert not {name for name in loaded if "golden_cases" in name or "schema_export" in name or "testing" in name}


def test_every_public_name_exists_once() -> None:
    names = plan_contracts.__all__
    assert len(names) == len(set(names))
    assert [name for name in names if not hasattr(plan_contracts, name)] == []
