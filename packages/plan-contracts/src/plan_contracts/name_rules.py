"""Holds the names of a decoded document to the whole grammar; its pattern, which decoding checks, says only a part.

A name of ASCII characters that matches the pattern is a name. Others are looked at: letters and digits only, in normal
form C, at most 200 bytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from plan_contracts.base import Contract
from plan_contracts.field_checks import Check, FieldRule, every_item, every_value
from plan_contracts.names import name_fault
from plan_contracts.scalars import Name


def _refuse_unless_name(value: object) -> bool:
    name = str(value)
    fault = name_fault(name)
    if fault is not None:
        raise ValueError(f"the name `{name}` {fault}")
    return True


def _refuse_unless_names(values: Iterable[object]) -> bool:
    names = cast("Iterable[str]", values)
    return "".join(names).isascii() or all(map(_refuse_unless_name, names))


class _NameRule(FieldRule):
    """Every name is one; a check raises `ValueError` for one that is not."""

    def leaf(self, annotation: object) -> tuple[str, Check] | None:
        return ("v.isascii()", _refuse_unless_name) if annotation == Name else None

    def mapping(self, key: object, value: object) -> Check | None:
        inner = self.of_value(value)
        values = None if inner is None else every_value(inner)
        if key != Name:
            return values

        def check(found: object) -> bool:
            names = cast("Mapping[str, object]", found).keys()
            return _refuse_unless_names(names) and (values is None or values(found))

        return check

    def sequence(self, item: object) -> Check | None:
        if item == Name:
            return lambda found: _refuse_unless_names(cast("Sequence[str]", found))
        inner = self.of_value(item)
        return None if inner is None else every_item(inner)


_RULE = _NameRule()


def refuse_other_names(document: Contract) -> None:
    """Look at every name of a document that was decoded.

    Raises
    ------
    ValueError
        When one is outside the grammar; the message is the end of a sentence.
    """
    check = _RULE.checks[type(document)]
    if check is not None:
        check(document)
