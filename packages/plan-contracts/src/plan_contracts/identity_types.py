"""Types of identity forms: a contract's fields without the run-specific ones, at every depth."""

import operator
import types
from functools import cache, reduce
from typing import Annotated, Union, get_args, get_origin

import msgspec

from plan_contracts.base import Contract
from plan_contracts.identities import reduced_fields


@cache
def identity_type(contract: type[Contract]) -> type[msgspec.Struct]:
    """Give a type to which the identity form of a contract decodes.

    Parameters
    ----------
    contract
        Any contract.

    Examples
    --------
    >>> from plan_contracts import ArtifactIds
    >>> identity_type(ArtifactIds).__struct_fields__
    ('plan_schedule', 'plan_validation')
    """
    fields: list[tuple[str, type, object]] = []
    reduced = reduced_fields(contract)
    for field in msgspec.structs.fields(contract):
        if field.name in contract.run_specific:
            continue
        annotation = _without_run_specific(field.type) if field.name in reduced else field.type
        fields.append((field.name, annotation, _default(field)))  # pyright: ignore[reportArgumentType]  # any annotation will do
    return msgspec.defstruct(f"{contract.__name__}Identity", fields, kw_only=True, frozen=True)


def _default(field: msgspec.structs.FieldInfo) -> object:
    if field.default is not msgspec.NODEFAULT:
        return msgspec.field(default=field.default)
    if field.default_factory is not msgspec.NODEFAULT:
        return msgspec.field(default_factory=field.default_factory)
    return msgspec.field()


def _without_run_specific(annotation: object) -> object:
    if isinstance(annotation, type) and issubclass(annotation, Contract):
        kept = not annotation.run_specific and not reduced_fields(annotation)
        return annotation if kept else identity_type(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _without_run_specific(arguments[0])
    inner = tuple(argument if argument is Ellipsis else _without_run_specific(argument) for argument in arguments)
    if origin in (Union, types.UnionType):
        return reduce(operator.or_, inner)  # pyright: ignore[reportArgumentType]  # types, of which a union can be made
    return types.GenericAlias(origin, inner) if isinstance(origin, type) else annotation
