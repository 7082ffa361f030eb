"""Ids of runs: unique, and sorted by the order in which the runs began."""

import re
import secrets
from datetime import UTC, datetime

from plan_contracts import Clock

_ID = re.compile(r"\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{8}")


def new_run_id(clock: Clock, after: str | None = None) -> str:
    """Give an id such as `20260131T154501.042Z-9f86d081`.

    Parameters
    ----------
    clock
        Gives the time in it.
    after
        An id that the new one sorts behind, also when the clock went backwards since, or another machine's is ahead;
        an id of another form is ignored.
    """
    milliseconds = clock.unix_ms()
    if after is not None and _ID.fullmatch(after):
        begun = datetime.strptime(after[:19], "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
        milliseconds = max(milliseconds, round(begun.timestamp() * 1000) + 1)
    moment = datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
    return f"{moment:%Y%m%dT%H%M%S}.{milliseconds % 1000:03}Z-{secrets.token_hex(4)}"
