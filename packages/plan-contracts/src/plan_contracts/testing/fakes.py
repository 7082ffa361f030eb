"""Fakes of the ports that hold no files."""

import threading
from collections.abc import Iterable, Mapping
from typing import TypeVar

from plan_contracts.codec import encode_msgpack
from plan_contracts.event_codec import decode_event
from plan_contracts.events import Envelope, KnownEvent
from plan_contracts.history import TaskHistoryEntry

E = TypeVar("E", bound=Envelope)


class FakeClock:
    """A clock that stands still until it is told to go on; safe to use from several threads.

    Parameters
    ----------
    unix_ms
        Time of day at the start, in milliseconds since 1970.
    """

    def __init__(self, unix_ms: int = 1_767_323_045_000) -> None:
        self._lock = threading.Lock()
        self._start_ms = unix_ms
        self._elapsed = 0.0

    def unix_ms(self) -> int:
        """Give the time of day in milliseconds since 1970."""
        with self._lock:
            return self._start_ms + int(self._elapsed * 1000)

    def monotonic(self) -> float:
        """Give the seconds since the clock was made."""
        with self._lock:
            return self._elapsed

    def advance(self, seconds: float) -> None:
        """Let time go on.

        Raises
        ------
        ValueError
            When the seconds are negative.
        """
        if seconds < 0:
            raise ValueError(f"Time does not go back by {-seconds} s")
        with self._lock:
            self._elapsed += seconds


class RecordingSink:
    """An event sink that remembers, after a round trip through canonical bytes; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._payloads: list[bytes] = []
        self._flushed = 0

    def emit(self, event: Envelope) -> None:
        """Record an event.

        Raises
        ------
        NotCanonical
            When it holds NaN or an infinity, which a real sink cannot store either.
        """
        payload = encode_msgpack(event)
        with self._lock:
            self._payloads.append(payload)

    def flush(self) -> None:
        """Count every event so far as durable."""
        with self._lock:
            self._flushed = len(self._payloads)

    @property
    def events(self) -> tuple[KnownEvent, ...]:
        """All events in the order of their arrival, decoded from their bytes.

        Raises
        ------
        AssertionError
            When an event of an unregistered kind was emitted.
        """
        with self._lock:
            decoded = [decode_event(payload) for payload in self._payloads]
        known = tuple(event for event in decoded if isinstance(event, Envelope))
        if len(known) != len(decoded):
            kinds = sorted(event.kind for event in decoded if not isinstance(event, Envelope))
            raise AssertionError(f"Events of unknown kinds were emitted: {', '.join(kinds)}")
        return known

    @property
    def flushed_count(self) -> int:
        """How many events the last flush covered."""
        with self._lock:
            return self._flushed

    def of_type(self, event_type: type[E]) -> tuple[E, ...]:
        """Give the events of one type, in the order of their arrival."""
        return tuple(event for event in self.events if isinstance(event, event_type))


class FakeHistory:
    """A history that is given.

    Parameters
    ----------
    entries
        From the oldest to the newest.
    """

    def __init__(self, entries: Iterable[TaskHistoryEntry] = ()) -> None:
        self._entries = tuple(entries)

    def past_entries(self, runs: int) -> Mapping[str, tuple[TaskHistoryEntry, ...]]:
        """Give the newest `runs` entries of each definition, the newest first."""
        grouped: dict[str, list[TaskHistoryEntry]] = {}
        for entry in reversed(self._entries):
            grouped.setdefault(entry.definition, []).append(entry)
        return {definition: tuple(entries[:runs]) for definition, entries in grouped.items()}
