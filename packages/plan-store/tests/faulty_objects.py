"""Objects that fail or stop the process at a chosen operation, for crash tests by enumeration."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from recording import BEGINNING

from plan_contracts.testing import FakeClock
from plan_store import PlanStore
from plan_store.layout import Layout
from plan_store.local_objects import LocalObjects
from plan_store.objects import Objects, StoredObject

T = TypeVar("T")


class Killed(BaseException):
    """Stands for SIGKILL: nothing may catch it and go on."""


class FaultyObjects:
    """Objects of which the operation `at`, counted from 1, meets a fault; implements the port `Objects`.

    Parameters
    ----------
    objects
        The real ones.
    at
        The operation.
    fault
        What is raised.
    after
        Do the operation first: the process dies, or the answer is lost, when the objects have changed already.
    """

    def __init__(self, objects: Objects, at: int, fault: BaseException, *, after: bool) -> None:
        self._objects = objects
        self._at = at
        self._fault = fault
        self._after = after
        self._dead = False
        self.operations = 0

    def shown(self, key: str) -> str:
        """Give the place of an object."""
        return self._objects.shown(key)

    def keys(self, folder: str) -> list[str]:
        """List."""
        return self._do(lambda: self._objects.keys(folder))

    def listing(self, folder: str) -> Iterator[StoredObject]:
        """List."""
        return iter(self._do(lambda: list(self._objects.listing(folder))))

    def exists(self, key: str) -> bool:
        """Look."""
        return self._do(lambda: self._objects.exists(key))

    def get(self, key: str) -> bytes:
        """Read."""
        return self._do(lambda: self._objects.get(key))

    def sha256(self, key: str) -> str:
        """Read."""
        return self._do(lambda: self._objects.sha256(key))

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Put."""
        return self._do(lambda: self._objects.put_if_absent(key, data))

    def put(self, key: str, data: bytes) -> None:
        """Put."""
        self._do(lambda: self._objects.put(key, data))

    def delete(self, key: str) -> None:
        """Remove."""
        self._do(lambda: self._objects.delete(key))

    def _do(self, operation: Callable[[], T]) -> T:
        self.operations += 1
        if self._dead:
            raise self._fault  # what is dead does nothing more
        if self.operations != self._at:
            return operation()
        if self._after:
            operation()
        self._dead = isinstance(self._fault, Killed)
        raise self._fault


def store_over(objects: Objects, folder: Path) -> PlanStore:
    """Give a store over such objects."""
    return PlanStore(Layout(objects, folder), FakeClock(BEGINNING))


def faulty_store(folder: Path, at: int, fault: BaseException, *, after: bool) -> tuple[PlanStore, FaultyObjects]:
    """Give a store in a folder that meets a fault."""
    objects = FaultyObjects(LocalObjects(folder), at, fault, after=after)
    return store_over(objects, folder), objects
