"""Moving what is damaged out of the way, so that everything else reads on."""

from collections.abc import Iterable

from plan_store.compaction import remove
from plan_store.errors import StoreDamaged
from plan_store.layout import QUARANTINE, SEGMENTS, Layout, ledger_key
from plan_store.ledger import commit, newest_entry, newest_number, succeed
from plan_store.ledger_repair import repair_ledger
from plan_store.objects import leads_out


def quarantine_damaged(layout: Layout, damages: Iterable[StoreDamaged]) -> tuple[str, ...]:
    """Move damaged objects below `quarantine/`, under their old keys; give the new places.

    What is missing cannot be moved: a segment of that kind is struck from the ledger. Before the newest entry of the
    ledger is moved, the ledger is written anew.

    Raises
    ------
    OSError
        When the store cannot be written.
    """
    moved: list[str] = []
    keys = [(damage.subject or "").removeprefix(layout.root + "/") for damage in damages]
    if ledger_key(newest_number(layout.objects)) in keys:
        repair_ledger(layout)
    for key in keys:
        if leads_out(key):
            continue  # it is not the store's
        try:
            data = layout.objects.get(key)
        except FileNotFoundError:
            _strike(layout, key)
            continue
        layout.objects.put_if_absent(f"{QUARANTINE}/{key}", data)
        _strike(layout, key)
        layout.objects.delete(key)
        moved.append(layout.objects.shown(f"{QUARANTINE}/{key}"))
    return tuple(moved)


def _strike(layout: Layout, key: str) -> None:
    """Take a segment out of the ledger, where the ledger names it."""
    while key.startswith(f"{SEGMENTS}/"):
        newest = newest_entry(layout.objects)
        stays = [segment for segment in newest.ledger.segments if segment.key != key]
        if len(stays) == len(newest.ledger.segments):
            return
        done = commit(layout.objects, newest, succeed(layout.objects, newest, stays, ()))
        if done is not None:
            remove(layout.objects, done.ledger.retired)
            return
