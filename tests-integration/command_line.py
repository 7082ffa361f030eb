"""Run `plan-cli` as a user does: as a process, with a time limit."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TIME_LIMIT_SECONDS = 100


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Standard output, then standard error."""
        return self.out + self.err


def plan_cli(
    *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None, launcher: Sequence[str] = ()
) -> Answer:
    """Run one command to its end, without a terminal; if asked, by a command that starts others."""
    done = subprocess.run(
        [*launcher, sys.executable, "-m", "plan_cli", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_SECONDS,
        check=False,
    )
    return Answer(code=done.returncode, out=done.stdout, err=done.stderr)
