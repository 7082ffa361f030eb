"""Errors of types in a user's words: the expression as it stands in the view, both types, and where each comes from."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

from plan_contracts import SourceColumn, SourceLocation, TypeNotCanonical, ViewSource, canonical_type
from plan_engine.view_text import ViewText

_ARITHMETIC = re.compile(r"Cannot coerce arithmetic expression (.+) ([-+*/%|&^#]+|<<|>>) (.+) to valid types")
_COMPARES = r"=|!=|<=|>=|<|>|!?~\S*|I?LIKE|IS (?:NOT )?DISTINCT FROM"
_COMPARISON = re.compile(rf"Cannot infer common argument type for \w+ operation (.+) ({_COMPARES}) (.+)")
_FUNCTION = re.compile(r"No function takes the arguments `(\w+)\((.*)\)`")
_CONDITION = re.compile(r"Cannot create filter with non-boolean predicate '(.+)' returning (.+)")
_UNION = re.compile(
    r"Incompatible inputs for Union: Previous inputs were of type (.+), but got incompatible type (.+) on column '(.+)'"
)
_BRANCHES = re.compile(r"Failed to coerce then \((.+)\) and else \((.+)\) to common types in CASE WHEN expression")


@dataclass(frozen=True, kw_only=True)
class TypeFault:
    """What does not fit, in one sentence, and where."""

    message: str
    subject: str
    location: SourceLocation | None
    columns: tuple[SourceColumn, ...] = ()
    """Columns of inputs whose types the message tells."""


def explain_types(view: ViewSource, text: str, schemas: Mapping[str, pa.Schema]) -> TypeFault | None:
    """Say in a user's words what a message about types says in the engine's.

    Parameters
    ----------
    view
        The view.
    text
        What the engine says, cleaned.
    schemas
        The columns of each input.

    Returns
    -------
    TypeFault or None
        None when the message has no form that is known.
    """
    for pattern, explain in _FORMS:
        found = pattern.search(text)
        if found is not None:
            read = ViewText(view, schemas)
            return replace(explain(read, found), columns=tuple(dict.fromkeys(read.told)))
    return None


def _binary(text: ViewText, found: re.Match[str]) -> TypeFault:
    left, operator, right = _type(found.group(1)), found.group(2), _type(found.group(3))
    best, best_fit = None, -3
    for start, before, after, end in text.operations(operator):
        fit = _fit(text, start, before, left) + _fit(text, after, end, right)
        if fit > best_fit:
            best, best_fit = (start, before, after, end), fit
    if best is None:
        return TypeFault(message=f"`{operator}` does not take {left} and {right}", subject=operator, location=None)
    start, before, after, end = best
    shown = text.slice(start, end)
    # Where an operand is an expression, its type is its own and not that of a column in it.
    sides = ((text.slice(start, before), start, before, left), (text.slice(after, end), after, end, right))
    told = [_origin(text, *side) for side in sides]
    message = f"`{shown}`: `{operator}` does not take {left} and {right}: {' and '.join(told)}; cast one of them"
    return TypeFault(message=message, subject=shown, location=text.place(start))


def _fit(text: ViewText, start: int, end: int, kind: str) -> int:
    """Say how well an operand may have a type: 1 where a column of it has, -1 where only columns of others do."""
    known = {found for found, _ in text.origins(start, end).values()}
    return 1 if kind in known else -1 if known else 0


def _origin(text: ViewText, shown: str, start: int, end: int, kind: str) -> str:
    named = text.origins(start, end, (kind,))
    if len(named) == 1 and end - start <= 3:
        (column, (_, source)) = next(iter(named.items()))
        text.told.append(SourceColumn(table=source, column=column))
        return f"`{shown}` is {kind} in `{source}`"
    return f"`{shown}` is {kind}"


def _call(text: ViewText, found: re.Match[str]) -> TypeFault:
    function, listed = found.groups()
    types = [_type(part) for part in _split(listed)]
    shown_types = ", ".join(types) or "no argument"
    fitting = [(start, end) for start, end in text.calls(function) if text.origins(start + 2, end - 1, types)]
    start, end = (fitting or list(text.calls(function)) or [(-1, -1)])[0]
    if start < 0:
        return TypeFault(message=f"`{function}` does not take {shown_types}", subject=function, location=None)
    shown = text.slice(start, end)
    message = (
        f"`{shown}`: `{function}` does not take {shown_types}{_listed(text, text.origins(start + 2, end - 1, types))}"
    )
    return TypeFault(message=message, subject=shown, location=text.place(start))


def _condition(text: ViewText, found: re.Match[str]) -> TypeFault:
    kind = _type(found.group(2))
    name = found.group(1).rpartition(".")[2]
    index = next((at for at, piece in enumerate(text.pieces) if piece.text.lower() in ("where", "having")), -1)
    place = next((at for at in range(index + 1, len(text.pieces)) if text.pieces[at].is_name(name)), -1)
    origins = _listed(text, text.origins(place, place + 1, (kind,))) if place >= 0 else ""
    location = text.place(place) if place >= 0 else text.place(index) if index >= 0 else None
    message = f"`{found.group(1)}` stands as a condition and is {kind}, not bool{origins}"
    return TypeFault(message=message, subject=found.group(1), location=location)


def _union(text: ViewText, found: re.Match[str]) -> TypeFault:
    before, after, column = _type(found.group(1)), _type(found.group(2)), found.group(3)
    index = next((at for at, piece in enumerate(text.pieces) if piece.text.lower() == "union"), 0)
    named = text.origins(index, len(text.pieces), (after,)) | text.origins(0, index, (before,))
    parts = f"a column is {before} in one and, as `{column}`, {after} in another"
    message = f"the parts of the UNION do not fit: {parts}{_listed(text, named)}; cast one of them"
    return TypeFault(message=message, subject=column, location=text.place(index))


def _branches(text: ViewText, found: re.Match[str]) -> TypeFault:
    first, second = _type(found.group(1)), _type(found.group(2))
    for start in (at for at, piece in enumerate(text.pieces) if piece.text.lower() == "case"):
        end = next((at for at in range(start, len(text.pieces)) if text.pieces[at].text.lower() == "end"), start)
        named = text.origins(start, end, (first, second))
        if {first, second} <= {kind for kind, _ in named.values()}:
            shown = text.slice(start, end + 1)
            message = f"the branches of `{shown}` are {first} and {second}{_listed(text, named)}; cast one of them"
            return TypeFault(message=message, subject=shown, location=text.place(start))
    message = f"the branches of a CASE are {first} and {second}; cast one of them"
    return TypeFault(message=message, subject="CASE", location=None)


def _listed(text: ViewText, origins: Mapping[str, tuple[str, str]]) -> str:
    text.told += [SourceColumn(table=source, column=column) for column, (_, source) in origins.items()]
    told = [f"`{column}` is {kind} in `{source}`" for column, (kind, source) in origins.items()]
    return f": {' and '.join(told)}" if told else ""


def _split(listed: str) -> list[str]:
    """Split a list of types at its commas, not within brackets."""
    parts, depth = [""], 0
    for character in listed:
        depth += (character in "([<") - (character in ")]>")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def _type(text: str) -> str:
    try:
        return canonical_type(text.strip())
    except TypeNotCanonical:
        return text.strip()


_FORMS: tuple[tuple[re.Pattern[str], Callable[[ViewText, re.Match[str]], TypeFault]], ...] = (
    (_ARITHMETIC, _binary),
    (_COMPARISON, _binary),
    (_FUNCTION, _call),
    (_CONDITION, _condition),
    (_UNION, _union),
    (_BRANCHES, _branches),
)
