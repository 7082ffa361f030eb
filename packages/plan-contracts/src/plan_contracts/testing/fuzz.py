"""Throws broken bytes at everything that decodes: it may refuse or decode, and nothing else.

`python -m plan_contracts.testing.fuzz` tries at least 20,000 inputs on each decoder of each contract, and goes on with
other ones until ten minutes are over; `--seconds` and `--inputs` ask for more or less. Inputs are made from the
published examples by structure-aware edits, so that most of them get past the first byte. Memory is limited, where
the system can do so.
"""

import argparse
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from plan_contracts.errors import DocumentRefused, PlanError

SLOWEST_SECONDS = 5.0
"""A decoder that computes longer over one input counts as hung, whatever else the machine does."""

MEMORY_BYTES = 1 << 30
"""What the process may allocate while it decodes inputs of at most a few megabytes."""


class FuzzFailure(AssertionError):
    """A decoder did something else than decode or refuse: the message holds seed, number and bytes of the input."""


@dataclass(frozen=True)
class FuzzReport:
    """What a decoder did with its inputs."""

    inputs: int
    """Inputs that were tried."""
    refused: int
    """Those that were refused."""
    slowest_seconds: float
    """The longest that one input was computed over."""


def fuzz_decoder(
    decode: Callable[[bytes], object],
    inputs: Iterator[bytes],
    *,
    seed: int = 0,
    errors: type[PlanError] = DocumentRefused,
) -> FuzzReport:
    """Feed inputs to a decoder.

    Parameters
    ----------
    decode
        Gives something, or raises one of the errors.
    inputs
        What to feed.
    seed
        For the message of a failure.
    errors
        What it may raise.

    Raises
    ------
    FuzzFailure
        When it raises anything else, or takes longer than `SLOWEST_SECONDS`.
    """
    refused = count = 0
    slowest = 0.0
    for data in inputs:
        begin = time.thread_time()
        try:
            decode(data)
        except errors:
            refused += 1
        except Exception as other:  # noqa: BLE001 - every type but one is the failure that is looked for
            _fail(seed, count, data, f"raised {type(other).__name__}: {other}", other)
        spent = time.thread_time() - begin
        if spent > SLOWEST_SECONDS:
            _fail(seed, count, data, f"took {spent:.1f} s", None)
        slowest = max(slowest, spent)
        count += 1
    return FuzzReport(inputs=count, refused=refused, slowest_seconds=slowest)


def _fail(seed: int, number: int, data: bytes, what: str, cause: Exception | None) -> NoReturn:
    shown = data if len(data) <= 400 else data[:400] + b"..."
    raise FuzzFailure(f"Input {number} of seed {seed} {what}\n{shown!r}") from cause


def limit_memory(more_bytes: int) -> None:
    """Let this process allocate no more than so many bytes from now on; a decoder that wants more fails then."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (used + more_bytes, hard))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None, *, clock: Callable[[], float] = time.monotonic) -> int:
    """Fuzz everything that decodes, in rounds, each with inputs of its own.

    Parameters
    ----------
    arguments
        As on the command line, which is taken when they are omitted.
    clock
        Gives seconds; it says when to stop.

    Returns
    -------
    int
        0 when every input was decoded or refused; a failure is raised.
    """
    parser = argparse.ArgumentParser(prog="python -m plan_contracts.testing.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=20_000, help="inputs for each decoder, at least")
    parser.add_argument("--seconds", type=float, default=600, help="how long to go on in all")
    parser.add_argument("--seed", type=int, default=0, help="another seed makes other inputs")
    given = parser.parse_args(arguments)
    end = clock() + given.seconds
    reports = _round(given.inputs, given.seed, lambda: True)
    for name, report in reports.items():
        _say(f"{name}: {report.inputs:,} inputs, {report.refused:,} refused")
    _say(f"The first round tried {sum(report.inputs for report in reports.values()):,} inputs.")
    everything = list(reports.values())
    seed = given.seed
    while clock() < end:
        seed += 1
        everything += _round(max(1, given.inputs // 10), seed, lambda: clock() < end).values()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    total, refused = sum(report.inputs for report in everything), sum(report.refused for report in everything)
    slowest = max(report.slowest_seconds for report in everything)
    _say(f"{total:,} inputs for {len(reports)} decoders in {seed - given.seed + 1} rounds, {refused:,} refused.")
    _say(f"The slowest input took {slowest * 1000:.0f} ms; peak resident memory {peak:,} (KiB on Linux).")
    _say("Every input was decoded or refused.")
    return 0


def _round(inputs: int, seed: int, goes_on: Callable[[], bool]) -> dict[str, FuzzReport]:
    """Try so many inputs on each decoder, as long as there is time for a further one."""
    from plan_contracts.testing.fuzz_targets import fuzz_targets

    reports: dict[str, FuzzReport] = {}
    for target in fuzz_targets():
        if not goes_on():
            break
        found = fuzz_decoder(target.decode, target.inputs(inputs, seed), seed=seed, errors=target.errors)
        reports[target.name] = found
    return reports


if __name__ == "__main__":
    limit_memory(MEMORY_BYTES)
    sys.exit(main())
