"""A mapping that is known to be canonical and stays so: it is looked at once, however often it is encoded."""

from typing import NoReturn, TypeVar

Value = TypeVar("Value")


class CanonicalMap(dict[str, Value]):
    """A mapping whose keys are in order and whose values have canonical bytes; it cannot be changed.

    Whoever makes one has looked. It equals the plain `dict` with the same items, encodes to the same bytes, and
    `dict(mapping)` gives a copy that can be changed.
    """

    __slots__ = ()

    def _refuse(self) -> NoReturn:
        raise TypeError("The maps of a document cannot be changed; change a copy: dict(mapping)")

    def __setitem__(self, key: str, value: Value, /) -> NoReturn:
        self._refuse()

    def __delitem__(self, key: str, /) -> NoReturn:
        self._refuse()

    def __ior__(self, other: object, /) -> NoReturn:
        self._refuse()

    def clear(self) -> NoReturn:
        """Refuse."""
        self._refuse()

    def pop(self, *_: object) -> NoReturn:
        """Refuse."""
        self._refuse()

    def popitem(self) -> NoReturn:
        """Refuse."""
        self._refuse()

    def setdefault(self, *_: object) -> NoReturn:
        """Refuse."""
        self._refuse()

    def update(self, *_: object, **__: object) -> NoReturn:
        """Refuse."""
        self._refuse()

    def __reduce__(self) -> tuple[type[dict[str, Value]], tuple[dict[str, Value]]]:
        """Copy and restore as a whole, since single items cannot be set."""
        return type(self), (dict(self),)
