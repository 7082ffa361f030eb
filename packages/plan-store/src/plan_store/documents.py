"""Reading what the store has written: documents by key, with the place in the message when one is damaged."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from plan_contracts import Contract, DocumentRefused, decode_msgpack
from plan_store.errors import StoreDamaged
from plan_store.objects import Objects

T = TypeVar("T", bound=Contract)

MEND = "`plan-cli store verify --quarantine` moves it out of the way."
"""What to do about a damaged file."""


def read_document(objects: Objects, key: str, contract: type[T]) -> T:
    """Read a document.

    Raises
    ------
    StoreDamaged
        When its bytes are not what was written.
    FileNotFoundError
        When there is none.
    """
    try:
        return decode_msgpack(objects.get(key), contract)
    except DocumentRefused as reason:
        shown = objects.shown(key)
        message = f"The file {shown} of the store is damaged: {reason.message}"
        raise StoreDamaged(message, subject=shown, suggestion=MEND) from reason


def read_documents(objects: Objects, keys: Iterable[str], contract: type[T], *, skip_damaged: bool) -> Iterator[T]:
    """Read documents one by one, each when it is asked for.

    Parameters
    ----------
    objects
        The store's objects.
    keys
        Where they are; one that has gone in the meantime is passed over.
    contract
        What they are.
    skip_damaged
        Pass over those whose bytes are not what was written, instead of raising `StoreDamaged`.
    """
    for key in keys:
        try:
            yield read_document(objects, key, contract)
        except FileNotFoundError:
            continue
        except StoreDamaged:
            if not skip_damaged:
                raise
