"""The ledger: numbered, immutable entries that say which compacted segments count; the largest number holds.

An entry is put where no entry with its number is, so that of two processes that change the same state one wins, and the
other begins again from what the first has left.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from plan_contracts import decode_msgpack, encode_msgpack, payload_hash
from plan_contracts.store_records import CompactedSegment, LedgerEntry, SegmentLedger
from plan_store.documents import MEND, read_document
from plan_store.errors import StoreDamaged
from plan_store.layout import LEDGER, SEGMENTS, ledger_key
from plan_store.objects import Objects, leads_out

KEPT_ENTRIES = 100
"""Entries before the newest one that stay."""


@dataclass(frozen=True, kw_only=True)
class NumberedEntry:
    """A ledger and its number."""

    number: int
    """From 1; 0 stands for a store without a ledger."""
    ledger: SegmentLedger
    """What holds."""


def newest_entry(objects: Objects) -> NumberedEntry:
    """Give the entry that holds.

    Raises
    ------
    StoreDamaged
        When its bytes are not what was written.
    """
    while True:
        numbers = _numbers(objects)
        if not numbers:
            return NumberedEntry(number=0, ledger=SegmentLedger(token=""))
        try:
            return NumberedEntry(number=numbers[-1], ledger=read_entry(objects, ledger_key(numbers[-1])))
        except FileNotFoundError:
            continue  # so many newer ones were written since that it was removed


def newest_number(objects: Objects) -> int:
    """Give the number of the newest entry, whole or not; 0 where there is none."""
    return max(_numbers(objects), default=0)


def read_entry(objects: Objects, key: str) -> SegmentLedger:
    """Read an entry.

    Raises
    ------
    StoreDamaged
        When its bytes are not what was written, or it names what lies outside of the store.
    FileNotFoundError
        When it has gone.
    """
    entry = read_document(objects, key, LedgerEntry)
    if payload_hash(entry.ledger) != entry.sha256:
        shown = objects.shown(key)
        raise StoreDamaged(f"The ledger entry {shown} is damaged", subject=shown, suggestion=MEND)
    ledger = decode_msgpack(entry.ledger, SegmentLedger)
    for named in (*(segment.key for segment in ledger.segments), *ledger.retired):
        if leads_out(named) or not named.startswith(f"{SEGMENTS}/"):
            shown = objects.shown(key)
            message = f"The ledger entry {shown} names `{named}`, which is no segment of this store"
            raise StoreDamaged(message, subject=shown, suggestion=MEND)
    return ledger


def succeed(
    objects: Objects, before: NumberedEntry, segments: Iterable[CompactedSegment], retired: Iterable[str]
) -> SegmentLedger:
    """Make the ledger that follows another.

    What the one before retired stays retired while it is there: who retired it may have died before it was removed.
    """
    still_there = {key for key in before.ledger.retired if objects.exists(key)}
    return SegmentLedger(
        token=secrets.token_hex(8),
        segments=tuple(sorted(segments, key=lambda segment: segment.key)),
        retired=tuple(sorted(still_there.union(retired))),
    )


def commit(objects: Objects, before: NumberedEntry, ledger: SegmentLedger) -> NumberedEntry | None:
    """Put an entry behind the one that it was made from; none when another process was first.

    Nothing is removed on the strength of an entry that was put so late that its number was free again.
    """
    number = before.number + 1
    data = encode_msgpack(ledger)
    decode_msgpack(data, SegmentLedger)  # what cannot be read back would hide every compacted event
    entry = encode_msgpack(LedgerEntry(ledger=data, sha256=payload_hash(data)))
    if not objects.put_if_absent(ledger_key(number), entry):
        return None
    numbers = _numbers(objects)
    if numbers[-1] - number >= KEPT_ENTRIES // 2:
        return None
    for old in numbers:
        if old < number - KEPT_ENTRIES:
            objects.delete(ledger_key(old))
    return NumberedEntry(number=number, ledger=ledger)


def _numbers(objects: Objects) -> list[int]:
    names = (key.rpartition("/")[2].partition(".")[0] for key in objects.keys(LEDGER))
    return [int(name) for name in names if name.isdigit()]
