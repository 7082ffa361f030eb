"""Ids of runs: unique, and sorted by the time the run started."""

import secrets
from datetime import UTC, datetime

from plan_contracts import Clock


def new_run_id(clock: Clock) -> str:
    """Give an id such as `20260131T154501.042Z-9f86d081`."""
    milliseconds = clock.unix_ms()
    moment = datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
    return f"{moment:%Y%m%dT%H%M%S}.{milliseconds % 1000:03}Z-{secrets.token_hex(4)}"
