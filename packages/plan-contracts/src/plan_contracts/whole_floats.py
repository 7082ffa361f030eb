"""Finds whole numbers of type `int` in fields of type `float`.

`1 == 1.0`, but their canonical bytes would differ. Type checkers let an `int` pass for a `float`, so that the codec
has to look; this walks only the fields in which a float may stand.
"""

import types
from collections.abc import Callable
from functools import cache
from typing import Annotated, Union, cast, get_args, get_origin

import msgspec

from plan_contracts.base import Contract

Finder = Callable[[object], bool]


def _is_int(value: object) -> bool:
    return type(value) is int


def _finder(annotation: object) -> Finder | None:
    """Give a function that looks into values of the type; none when no float can stand there."""
    origin = get_origin(annotation)
    arguments = get_args(annotation)
    if annotation is float:
        return _is_int
    if origin is Annotated:
        return _finder(arguments[0])
    if origin in (Union, types.UnionType):
        return _union_finder(arguments)
    if origin is dict:
        return _dict_finder(_finder(arguments[1]))
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return _tuple_finder(_finder(arguments[0]))
        return _union_of_items(tuple(_finder(argument) for argument in arguments))
    if isinstance(annotation, type) and issubclass(annotation, Contract):
        return holds_whole_floats if _plan(annotation) else None
    return None


def _union_finder(members: tuple[object, ...]) -> Finder | None:
    plain = {get_args(member)[0] if get_origin(member) is Annotated else member for member in members}
    finders = [found for member in members if (found := _finder(member)) is not None]
    if not finders or int in plain:
        return None
    if len(finders) == 1 and finders[0] is _is_int:
        return _is_int

    def look(value: object) -> bool:
        return value is not None and any(finder(value) for finder in finders)

    return look


def _dict_finder(inner: Finder | None) -> Finder | None:
    if inner is None:
        return None

    def look(value: object) -> bool:
        if not isinstance(value, dict):
            return False
        items = cast("dict[str, object]", value).values()
        return int in set(map(type, items)) if inner is _is_int else any(map(inner, items))

    return look


def _tuple_finder(inner: Finder | None) -> Finder | None:
    if inner is None:
        return None

    def look(value: object) -> bool:
        if not isinstance(value, tuple | list):
            return False
        items = cast("tuple[object, ...]", value)
        return int in set(map(type, items)) if inner is _is_int else any(map(inner, items))

    return look


def _union_of_items(finders: tuple[Finder | None, ...]) -> Finder | None:
    if not any(finders):
        return None

    def look(value: object) -> bool:
        if not isinstance(value, tuple | list):
            return False
        items = cast("tuple[object, ...]", value)
        return any(finder is not None and finder(item) for finder, item in zip(finders, items, strict=False))

    return look


@cache
def _plan(contract: type[Contract]) -> tuple[tuple[str, Finder], ...]:
    fields = msgspec.structs.fields(contract)
    return tuple((field.name, found) for field in fields if (found := _finder(field.type)) is not None)


def holds_whole_floats(document: object) -> bool:
    """Say whether a field that is declared as float holds an int, at any depth."""
    if not isinstance(document, Contract):
        return False
    return any(finder(getattr(document, name)) for name, finder in _plan(type(document)))
