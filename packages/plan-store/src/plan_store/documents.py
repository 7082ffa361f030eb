"""Reading what the store has written: documents by path, with the path in the message when one is damaged."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from plan_contracts import Contract, DocumentRefused, decode_msgpack
from plan_store.errors import StoreDamaged

T = TypeVar("T", bound=Contract)


def read_document(path: Path, contract: type[T]) -> T:
    """Read a document.

    Raises
    ------
    StoreDamaged
        When its bytes are not what was written.
    FileNotFoundError
        When there is none.
    """
    try:
        return decode_msgpack(path.read_bytes(), contract)
    except DocumentRefused as reason:
        message = f"The file {path} of the store is damaged: {reason.message}"
        mend = "Move it away to go on without it."
        raise StoreDamaged(message, subject=str(path), suggestion=mend) from reason


def read_documents(paths: Iterable[Path], contract: type[T], *, skip_damaged: bool) -> Iterator[T]:
    """Read documents one by one, each when it is asked for.

    Parameters
    ----------
    paths
        Where they are; one that has gone in the meantime is passed over.
    contract
        What they are.
    skip_damaged
        Pass over those whose bytes are not what was written, instead of raising `StoreDamaged`.
    """
    for path in paths:
        try:
            yield read_document(path, contract)
        except FileNotFoundError:
            continue
        except StoreDamaged:
            if not skip_damaged:
                raise
