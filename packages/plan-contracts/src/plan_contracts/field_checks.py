"""Compiles a rule for values into one function per contract that looks at exactly the fields where it can matter.

Canonical bytes of a small event take less than a microsecond, so that looking must not take longer than encoding: the
function is written as straight-line code over the fields, as `dataclasses` writes `__init__`, and a contract without
a field that matters has none.
"""

import types
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Union, cast, get_args, get_origin

import msgspec

from plan_contracts.base import Contract

Check = Callable[[object], bool]
"""Says whether a value is as it should be."""


class _Checks(dict[type[Contract], Check | None]):
    """Checks by contract, each compiled when it is first asked for."""

    def __init__(self, compiled: Callable[[type[Contract]], Check | None]) -> None:
        super().__init__()
        self._compiled = compiled

    def __missing__(self, contract: type[Contract]) -> Check | None:
        self[contract] = self._compiled(contract)
        return self[contract]


class FieldRule(ABC):
    """What is asked of values; compiled once per contract."""

    def __init__(self) -> None:
        self.checks = _Checks(self._compile)
        """The check of each contract, at any depth; none where there is nothing to look at."""

    @abstractmethod
    def leaf(self, annotation: object) -> tuple[str, Check] | None:
        """Give what is asked of a single value; none when nothing is.

        Returns
        -------
        tuple
            An expression over `v` that is true for most good values, and a check for all others.
        """

    @abstractmethod
    def mapping(self, key: object, value: object) -> Check | None:
        """Give what is asked of a mapping with keys and values of these types; none when nothing is."""

    @abstractmethod
    def sequence(self, item: object) -> Check | None:
        """Give what is asked of a sequence of such items; none when nothing is."""

    def _compile(self, contract: type[Contract]) -> Check | None:
        names: dict[str, object] = {}
        lines: list[str] = []
        for field in msgspec.structs.fields(contract):
            expression = self._expression(field.type, names)
            if expression is not None:
                lines += [f"    v = d.{field.name}", f"    if not ({expression}): return False"]
        if not lines:
            return None
        source = "\n".join(["def check(d):", *lines, "    return True"])
        exec(compile(source, f"<check of {contract.__name__}>", "exec"), names)
        return cast("Check", names["check"])

    def _expression(self, annotation: object, names: dict[str, object]) -> str | None:
        """Give an expression over `v`; what it calls is added to the names."""
        if get_origin(annotation) in (Union, types.UnionType):
            return self._alternatives(get_args(annotation), names)
        leaf = self.leaf(annotation)
        if leaf is not None:
            quick, check = leaf
            return f"{quick} or {_named(check, names)}(v)"
        if get_origin(annotation) is Annotated:
            return self._expression(get_args(annotation)[0], names)
        check = self.of_value(annotation)
        return None if check is None else f"{_named(check, names)}(v)"

    def _alternatives(self, members: Sequence[object], names: dict[str, object]) -> str | None:
        plain = [member for member in members if member is not type(None)]
        parts = [part for member in plain if (part := self._expression(member, names)) is not None]
        if not parts:
            return None
        if len(plain) == 1:
            return f"v is None or {parts[0]}"
        check = self._of_alternatives(plain)
        return f"v is None or {_named(check, names)}(v)"

    def _of_alternatives(self, members: Sequence[object]) -> Check:
        checks = {kind: self.of_value(member) for member in members for kind in _kinds(member)}
        checks.setdefault(int, checks.get(float))  # what is no alternative stands for a float

        def check(value: object) -> bool:
            found = checks.get(type(value))
            return found is None or found(value)

        return check

    def of_value(self, annotation: object) -> Check | None:
        """Give the check of values of any type that a field may have; none when there is nothing to look at."""
        leaf = self.leaf(annotation)
        if leaf is not None:
            return leaf[1]
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return self.of_value(arguments[0])
        if origin in (Union, types.UnionType):
            return self._of_alternatives(arguments)
        if origin is dict:
            return self.mapping(*arguments)
        if origin is tuple:
            several = len(arguments) == 2 and arguments[1] is Ellipsis
            return self.sequence(arguments[0]) if several else self._of_places(arguments)
        if isinstance(annotation, type) and issubclass(annotation, Contract):
            return self.checks[annotation]
        return None

    def _of_places(self, annotations: Sequence[object]) -> Check | None:
        checks = [self.of_value(annotation) for annotation in annotations]
        if not any(checks):
            return None

        def check(value: object) -> bool:
            items = cast("Sequence[object]", value)
            return all(each is None or each(item) for each, item in zip(checks, items, strict=False))

        return check


def _kinds(annotation: object) -> tuple[type[object], ...]:
    """Give the classes of the values that a type stands for."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kinds(arguments[0])
    kind: object = annotation if origin is None else origin
    return (kind,) if isinstance(kind, type) else ()


def _named(check: Check, names: dict[str, object]) -> str:
    name = f"check_{len(names)}"
    names[name] = check
    return name


def every_value(check: Check) -> Check:
    """Give the check of a mapping whose values are all checked."""
    return lambda value: all(map(check, cast("Mapping[str, object]", value).values()))


def every_item(check: Check) -> Check:
    """Give the check of a sequence whose items are all checked."""
    return lambda value: all(map(check, cast("Sequence[object]", value)))
