"""A small project whose builds are killed, and what must hold of it afterwards."""

import hashlib
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq

from plan_store import PlanStore, SystemClock

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "shop"
VARIANTS = ("", "\nlimit 2\n")
"""Endings of a view, of which every build takes the other one, so that there is something to replace."""

TIME_LIMIT_SECONDS = 300


class Violation(AssertionError):
    """Something was lost, doubled or left half-done."""


class CrashProject:
    """A copy of the example, with everything that was ever seen in its store.

    Parameters
    ----------
    folder
        Where the copy is made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".plan", "out"))
        self._view = max((folder / "views").glob("*.sql"))
        self._text = self._view.read_text().rstrip().removesuffix(";")
        self._turn = 0
        self._whole: dict[str, set[str]] = {}
        self._events: Counter[tuple[str, str, str]] = Counter()
        for _ in VARIANTS:  # what a whole output is, for each variant
            self.change()
            self.build_whole()

    def change(self) -> None:
        """Let the next build have something to do."""
        self._turn += 1
        self._view.write_text(self._text + VARIANTS[self._turn % len(VARIANTS)])

    def command(self, *arguments: str, under: tuple[str, ...] = ()) -> "subprocess.Popen[str]":
        """Start a command on the project; `under` runs it under another program."""
        command = [*under, sys.executable, "-m", "plan_cli", *arguments, str(self.folder)]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )

    def build(self, *, under: tuple[str, ...] = ()) -> "subprocess.Popen[str]":
        """Start a build that computes everything."""
        return self.command("build", "--full", "--executor", "threadpool", "--max-tasks", "2", under=under)

    def build_whole(self) -> None:
        """Build to the end, and remember the outputs as whole ones."""
        with self.build() as process:
            text, _ = process.communicate(timeout=TIME_LIMIT_SECONDS)
        if process.returncode != 0:
            raise Violation(f"a build after a kill failed:\n{text}")
        for path in self._outputs():
            self._whole.setdefault(path.name, set()).add(_content(path))
        self.check()

    def compact(self, *, under: tuple[str, ...] = ()) -> "subprocess.Popen[str]":
        """Start a compaction."""
        return self.command("store", "compact", under=under)

    def check(self) -> None:
        """Compare with all that was seen before.

        Raises
        ------
        Violation
            When an event is gone or doubled, an output is not whole, or anything in the store is damaged.
        """
        with PlanStore.open(self.folder / ".plan", clock=SystemClock(), read_only=True) as store:
            rows = store.sql("select run_id, event_name, event_payload_hash from events").to_pylist()
            damages = store.verify()
        found = Counter((row["run_id"], row["event_name"], row["event_payload_hash"]) for row in rows)
        known_runs = {run_id for run_id, _, _ in self._events}
        for event, times in self._events.items():
            if found[event] < times:
                raise Violation(f"lost: {event}")
        for event, times in found.items():
            if event[0] in known_runs and times > max(1, self._events[event]):
                raise Violation(f"doubled: {event}, {times} times")
        if damages:
            raise Violation(f"damaged: {damages}")
        for path in self._outputs():
            if self._whole and _content(path) not in self._whole.get(path.name, set()):
                raise Violation(f"not whole: {path}: {pq.read_table(path).to_pylist()}")
        self._events = found

    @property
    def events(self) -> int:
        """Number of events that were seen."""
        return sum(self._events.values())

    @property
    def runs(self) -> int:
        """Number of runs whose events were seen."""
        return len({run_id for run_id, _, _ in self._events})

    def holds(self) -> set[str]:
        """Give the leases on the project that are on record; a build that begins adds one."""
        return {path.name for path in (self.folder / ".plan" / "locks").glob("*/*.msgpack")}

    def _outputs(self) -> list[Path]:
        return sorted(path for path in (self.folder / "out").iterdir() if path.is_file())


def _content(path: Path) -> str:
    """Give a digest of the rows of an output, whose order a view need not promise."""
    rows = sorted(repr(tuple(row.values())) for row in pq.read_table(path).to_pylist())
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()
