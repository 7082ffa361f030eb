"""What a golden case is, and how an invalid one is made from a valid one."""

import json
from dataclasses import dataclass

import msgspec

from plan_contracts.base import Contract

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]
"""What JSON can hold."""


@dataclass(frozen=True)
class ValidCase:
    """A document that decodes."""

    contract: str
    """Name in the registry."""
    name: str
    """File name without ending; says what the case shows."""
    document: Contract
    """The document."""


@dataclass(frozen=True)
class InvalidCase:
    """A document that must be refused."""

    contract: str
    """Name in the registry."""
    name: str
    """File name without ending; says what is wrong."""
    document: Plain
    """The document as JSON holds it."""
    in_schema: bool = True
    """Whether JSON Schema can express the rule that it breaks."""


def _plain(document: Contract) -> Plain:
    plain: Plain = json.loads(msgspec.json.encode(document))
    return plain


def altered(document: Contract, path: str, value: Plain) -> Plain:
    """Give the document as plain JSON with one value replaced or added.

    Parameters
    ----------
    document
        A valid document.
    path
        Keys and indices joined by `.`, such as `columns.0.type`.
    value
        What to put there.
    """
    plain = _plain(document)
    *parents, last = path.split(".")
    inner = plain
    for key in parents:
        inner = inner[int(key)] if isinstance(inner, list) else _member(inner, key)
    if isinstance(inner, list):
        inner[int(last)] = value
    elif isinstance(inner, dict):
        inner[last] = value
    return plain


def without(document: Contract, field: str) -> Plain:
    """Give the document as plain JSON with one field left out."""
    plain = _plain(document)
    return {key: value for key, value in plain.items() if key != field} if isinstance(plain, dict) else plain


def _member(value: Plain, key: str) -> Plain:
    if not isinstance(value, dict):
        raise TypeError(f"There is no `{key}` in {value!r}")
    return value[key]
