"""Types of identity forms: a contract's fields without the run-specific ones, at every depth."""

import types
from functools import cache
from typing import Annotated, Union, cast, get_args, get_origin

import msgspec

from plan_contracts.base import Contract
from plan_contracts.identities import reduced_fields


@cache
def identity_type(contract: type[Contract]) -> type[Contract]:
    """Give a type whose documents are the identity forms of a contract, byte for byte.

    Parameters
    ----------
    contract
        Any contract.

    Examples
    --------
    >>> from plan_contracts import ArtifactIds
    >>> identity_type(ArtifactIds).__struct_fields__
    ('plan_evidence', 'plan_schedule', 'plan_validation')
    """
    fields: list[tuple[str, object, object]] = []
    reduced = reduced_fields(contract)
    # The identity form is a map with sorted keys; a struct is encoded in the order of its fields.
    for field in sorted(msgspec.structs.fields(contract), key=lambda field: field.encode_name):
        if field.name in contract.run_specific:
            continue
        annotation = _without_run_specific(field.type) if field.name in reduced else field.type
        fields.append((field.name, annotation, _default(field)))
    made = msgspec.defstruct(
        contract.__name__,
        cast("list[tuple[str, type, object]]", fields),  # any annotation will do
        bases=(Contract,),
        kw_only=True,
        frozen=True,
    )
    return cast("type[Contract]", made)  # its base is


def _default(field: msgspec.structs.FieldInfo) -> object:
    if field.default is not msgspec.NODEFAULT:
        return msgspec.field(default=field.default)
    if field.default_factory is not msgspec.NODEFAULT:
        return msgspec.field(default_factory=field.default_factory)
    return msgspec.field()


def _without_run_specific(annotation: object) -> object:
    contract = _contract(annotation)
    if contract is not None:
        kept = not contract.run_specific and not reduced_fields(contract)
        return contract if kept else identity_type(contract)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _without_run_specific(arguments[0])
    inner = tuple(argument if argument is Ellipsis else _without_run_specific(argument) for argument in arguments)
    if origin in (Union, types.UnionType):
        union = inner[0]
        for member in inner[1:]:
            union = cast("type", union) | cast("type", member)
        return union
    return types.GenericAlias(origin, inner) if isinstance(origin, type) else annotation


def _contract(annotation: object) -> type[Contract] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, Contract) else None
