"""Workers start without pandas, and a Python view finds pyarrow as it is wherever pandas is installed."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from command_line import plan_cli

WAYS = {
    "threads": ["--executor", "threadpool"],
    "processes": ["--executor", "multiprocessing", "--max-tasks", "1"],
}
PLAIN = "select timestamp '2024-01-01T00:00:00.123456789' as at"
FUNCTION = """
from plan_engine import view
import pyarrow as pa
{import_pandas}

@view(output={{"kind": "string", "rows": "int64"}})
def seen(plain: pa.Table) -> pa.Table:
    at = plain["at"].to_pylist()[0]
    frame = plain.to_pandas()
    kinds = [type(each).__name__ for each in (at, pa.array(frame["at"]), pa.table(frame).schema.pandas_metadata)]
    return pa.table({{"kind": [" ".join(kinds)], "rows": [len(frame)]}})
"""
STARTED = "import sys; import plan_engine.own_process; print('pandas' in sys.modules)"
AT_ONCE = """
import sys, threading
import pyarrow as pa
from plan_engine.pandas_import import leave_pandas_alone, use_pandas
both = threading.Barrier(2)
def import_pandas():
    both.wait()
    import pandas
thread = threading.Thread(target=import_pandas)
thread.start()
both.wait()
leave_pandas_alone()
thread.join()
import pandas as pd
use_pandas()
print(type(pa.array(pd.Series([1]))).__name__, pa.lib._pandas_api.have_pandas)
"""


def _said(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


def test_runtime_of_workers_starts_without_pandas() -> None:
    assert _said(STARTED) == "False"
    assert _said(f"import pandas; {STARTED}") == "True"


def test_pandas_imported_at_the_same_time_is_found_by_both() -> None:
    assert _said(AT_ONCE) == "Int64Array True"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("import_pandas", ["", "import pandas"])
@pytest.mark.parametrize("way", WAYS)
def test_python_view_finds_pandas_wherever_it_runs(way: str, import_pandas: str, tmp_path: Path) -> None:
    (tmp_path / "views").mkdir()
    (tmp_path / "plan.toml").write_text('[project]\nname = "pandas"\n')
    (tmp_path / "views" / "plain.sql").write_text(PLAIN)
    (tmp_path / "views" / "seen.py").write_text(FUNCTION.format(import_pandas=import_pandas))
    answer = plan_cli("build", tmp_path, *WAYS[way])
    assert answer.code == 0, answer.text
    with duckdb.connect() as connection:
        rows = connection.execute(f"from '{tmp_path}/out/seen.parquet'").fetchall()
    assert rows == [("Timestamp TimestampArray dict", 1)]
