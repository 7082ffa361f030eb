"""A project whose results on their way exceed what they may hold: time, bytes read and peak memory by budget.

A chain of results, each read by the next, runs beside eight results that are read at the very end. With room for some
of them the chain should stay in memory, and only what is read at the end should be read again. The things to beat are
everything by file (`--retain 0B`) in time and in bytes read, and everything in memory in memory.

Run with `nox -s bench -- bench_spilling`. Bytes read are those of system calls, as Linux counts them.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 1_300_000
"""Of sixteen bytes in each result: just under what is handed on by file in any case."""
STEPS, LATE = 16, 8
RESULT_BYTES = ROWS * 16
BUDGETS = {
    "by file": "0B",
    "4 results": f"{4 * RESULT_BYTES}B",
    "8 results": f"{8 * RESULT_BYTES}B",
    "in memory": "8GiB",
}
ROUNDS = 3

_COUNTED = """
import atexit, sys
from pathlib import Path
from plan_cli.__main__ import main
said = Path(sys.argv.pop(1))
atexit.register(lambda: said.write_text(Path("/proc/self/io").read_text()))
main()
"""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What one build took."""

    seconds: float
    """Wall time of the process."""
    cpu_seconds: float
    """Of all its threads; steadier than the wall time where other work runs beside."""
    bytes_read: int
    """By system calls."""
    peak_bytes: int
    """Resident memory."""


def project(folder: Path) -> Path:
    """Make the project."""
    (folder / "data").mkdir(parents=True)
    (folder / "views").mkdir()
    pq.write_table(pa.table({"n": pa.array(range(ROWS), pa.int64())}), folder / "data" / "numbers.parquet")
    kept = [*(f"late{index}" for index in range(LATE)), *(f"step{index:02}" for index in range(STEPS))]
    (folder / "plan.toml").write_text(
        '[project]\nname = "chain"\n\n[datasets.numbers]\npath = "data/numbers.parquet"\n'
        + "".join(f'\n[views.{name}]\nmaterialize = "temp"\n' for name in kept)
    )
    views = {f"late{index}": f"select n, n * {index + 3} % 1009 as m from numbers" for index in range(LATE)}
    views["step00"] = "select n, n % 997 as m from numbers"
    views |= {
        f"step{index:02}": f"select n, (m * 7 + n) % 997 as m from step{index - 1:02}" for index in range(1, STEPS)
    }
    every = " union all ".join(
        f"select m from {name}" for name in (*(f"late{index}" for index in range(LATE)), kept[-1])
    )
    views["top"] = f"select m, count(*) as rows from ({every}) group by m"
    for name, sql in views.items():
        (folder / "views" / f"{name}.sql").write_text(f"{sql}\n")
    return folder


def build(folder: Path, *options: str) -> Figures:
    """Build everything anew in a process of its own."""
    said = folder / "io"
    command = [sys.executable, "-c", _COUNTED, said, "build", folder, "--full", "--executor", "threadpool", *options]
    began = time.perf_counter()
    process = subprocess.Popen([*map(str, command), "--max-tasks", "2"], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    counters = dict(line.split(": ") for line in said.read_text().splitlines())
    return Figures(
        seconds=seconds,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        bytes_read=int(counters["rchar"]),
        peak_bytes=usage.ru_maxrss * 1024,
    )


def main() -> None:
    """Print the table: budgets in turn, the best of three each."""
    with tempfile.TemporaryDirectory() as work:
        made = project(Path(work) / "chain")
        rounds = [{name: build(made, "--retain", size) for name, size in BUDGETS.items()} for _ in range(ROUNDS)]
    least = {
        name: Figures(
            seconds=min(each[name].seconds for each in rounds),
            cpu_seconds=min(each[name].cpu_seconds for each in rounds),
            bytes_read=min(each[name].bytes_read for each in rounds),
            peak_bytes=min(each[name].peak_bytes for each in rounds),
        )
        for name in BUDGETS
    }
    base = least["by file"]
    print(
        f"{STEPS + LATE} results of {RESULT_BYTES / 1e6:.0f} MB, two threads    s   to by file  CPU s  MB read  peak MB"
    )
    for name, figures in least.items():
        cpu, read, peak = figures.cpu_seconds, figures.bytes_read / 1e6, figures.peak_bytes / 1e6
        ratio = figures.seconds / base.seconds
        print(f"  {name:<36}{figures.seconds:6.2f}{ratio:10.2f}x{cpu:9.2f}{read:9.0f}{peak:9.0f}")


if __name__ == "__main__":
    main()
