"""Kills a random worker process every second through many builds: every build must end with the right rows.

Run with `nox -s chaos`, or `nox -s chaos -- 20` for fewer builds. It prints one line per build, and a last one with how
many workers were killed.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

BUILDS = 200
ROWS = 6_000
VIEWS = 6
SECONDS_PER_BUILD = 300
OPTIONS = (
    "--full",
    "--executor",
    "multiprocessing",
    "--max-tasks",
    "2",
    "--max-attempts",
    "50",
    "--retry-base",
    "0.05",
)


def write_project(folder: Path) -> dict[str, int]:
    """Write views that each take about half a second on one core, and a view over all; give the expected sums."""
    (folder / "data").mkdir(parents=True)
    (folder / "views").mkdir()
    pq.write_table(pa.table({"n": pa.array(range(ROWS), pa.int64())}), folder / "data" / "numbers.parquet")
    (folder / "plan.toml").write_text(
        '[project]\nname = "chaos"\n\n[defaults]\nmaterialize = "table"\n\n'
        '[datasets.numbers]\npath = "data/numbers.parquet"\n'
    )
    expected: dict[str, int] = {}
    for view in range(VIEWS):
        sql = f"select count(*) as n from numbers as a, numbers as b where (a.n + b.n) % {view + 2} = 0\n"
        (folder / "views" / f"part{view}.sql").write_text(sql)
        expected[f"part{view}"] = sum(_pairs(view + 2))
    parts = " union all ".join(f"select n from part{view}" for view in range(VIEWS))
    (folder / "views" / "whole.sql").write_text(f"select sum(n) as n from ({parts})\n")
    expected["whole"] = sum(expected.values())
    return expected


def _pairs(divisor: int) -> Iterator[int]:
    """Give for each remainder how many pairs of numbers have a sum that the divisor divides."""
    counts = [len(range(remainder, ROWS, divisor)) for remainder in range(divisor)]
    for remainder, count in enumerate(counts):
        yield count * counts[-remainder % divisor]


def workers_of(build: int) -> list[int]:
    """Give the worker processes of a build: children of the server that is a child of the build."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[0] != "Z":
            parents[int(stat.parent.name)] = int(fields[1])
    return [pid for pid, parent in parents.items() if parents.get(parent) == build]


class Killer(threading.Thread):
    """Kills one worker of a build every second."""

    def __init__(self, build: "subprocess.Popen[str]", dice: random.Random) -> None:
        super().__init__(daemon=True)
        self._build = build
        self._dice = dice
        self.killed = 0

    def run(self) -> None:
        """Kill until the build has ended."""
        while self._build.poll() is None:
            time.sleep(self._dice.uniform(0.5, 1.5))
            workers = workers_of(self._build.pid)
            if workers:
                try:
                    os.kill(self._dice.choice(workers), signal.SIGKILL)
                except ProcessLookupError:
                    continue
                self.killed += 1


def build_once(project: Path, expected: dict[str, int], dice: random.Random) -> int:
    """Build under fire, compare every output, and give how many workers were killed."""
    command = [sys.executable, "-m", "plan_cli", "build", str(project), *OPTIONS]
    build = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    killer = Killer(build, dice)
    killer.start()
    shown, _ = build.communicate(timeout=SECONDS_PER_BUILD)
    killer.join()
    if build.returncode != 0:
        raise SystemExit(f"A build ended with {build.returncode}:\n{shown}")
    found = {view: pq.read_table(project / "out" / f"{view}.parquet").column("n").to_pylist()[0] for view in expected}
    if found != expected:
        raise SystemExit(f"Wrong rows: {found} instead of {expected}\n{shown}")
    return killer.killed


def main() -> None:
    """Build as often as the first argument says."""
    builds = int(sys.argv[1]) if len(sys.argv) > 1 else BUILDS
    dice = random.Random(2026)
    killed = 0
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "chaos"
        expected = write_project(project)
        for number in range(1, builds + 1):
            began = time.monotonic()
            here = build_once(project, expected, dice)
            killed += here
            print(
                f"[{number}/{builds}] right rows after {time.monotonic() - began:.1f} s, {here} workers killed",
                flush=True,
            )
    print(f"{builds} builds, every one with the right rows; {killed} workers were killed")


if __name__ == "__main__":
    main()
