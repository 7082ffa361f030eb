"""JSON Schema of a contract, with the docstring of each field as its description."""

import ast
import enum
import inspect
import sys
from collections.abc import Iterator
from functools import cache
from typing import cast, get_args, get_origin

import msgspec

from plan_contracts.base import Contract
from plan_contracts.golden_cases.case import Plain
from plan_contracts.registry import RegisteredContract

DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""The dialect's identifier."""

Schema = dict[str, Plain]
"""A JSON Schema, or a part of one."""


@cache
def _class_docstrings(module: str) -> dict[str, dict[str, str]]:
    """Give the string below each field, by class and field."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    found: dict[str, dict[str, str]] = {}
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        fields = found.setdefault(node.name, {})
        for statement, following in zip(node.body, node.body[1:], strict=False):
            if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
                continue
            if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
                text = following.value.value
                if isinstance(text, str):
                    fields[statement.target.id] = " ".join(text.split())
    return found


def field_docstrings(contract: type[Contract]) -> dict[str, str]:
    """Give the description of each field that has one, inherited fields included."""
    found: dict[str, str] = {}
    for owner in reversed(contract.__mro__):
        if issubclass(owner, Contract):
            found.update(_class_docstrings(owner.__module__).get(owner.__name__, {}))
    return {name: text for name, text in found.items() if name in contract.__struct_fields__}


def contracts_within(annotation: object) -> Iterator[type[Contract]]:
    """Give every contract that the type is or holds, each as often as it stands there."""
    if isinstance(annotation, type) and issubclass(annotation, Contract):
        yield annotation
        return
    for argument in get_args(annotation):
        yield from contracts_within(argument)


def all_contracts_of(contract: type[Contract]) -> dict[str, type[Contract]]:
    """Give the contract and all that it holds, at any depth, by class name."""
    found: dict[str, type[Contract]] = {}
    waiting = [contract]
    while waiting:
        each = waiting.pop()
        if each.__name__ in found:
            continue
        found[each.__name__] = each
        for field in msgspec.structs.fields(each):
            waiting.extend(contracts_within(field.type))
    return found


def _enum_keys(annotation: object) -> type[enum.Enum] | None:
    """Give the enum whose members are the keys, which msgspec leaves out of its schemas."""
    if get_origin(annotation) is dict:
        key = get_args(annotation)[0]
        if isinstance(key, type) and issubclass(key, enum.Enum):
            return key
    return None


def _described(definition: Schema, contract: type[Contract]) -> None:
    properties = definition.get("properties")
    if not isinstance(properties, dict):
        return
    texts = field_docstrings(contract)
    for field in msgspec.structs.fields(contract):
        part = properties.get(field.encode_name)
        if not isinstance(part, dict):
            continue
        if field.name in texts:
            properties[field.encode_name] = {"description": texts[field.name], **part}
        keys = _enum_keys(field.type)
        if keys is not None:
            named = properties[field.encode_name]
            if isinstance(named, dict):
                named["propertyNames"] = {"$ref": f"#/$defs/{keys.__name__}"}
    if contract.run_specific:
        names: list[Plain] = [*sorted(contract.run_specific)]
        definition["x-run-specific"] = names


def contract_schema(contract: RegisteredContract) -> Schema:
    """Give the JSON Schema of a registered contract.

    Returns
    -------
    dict
        In the 2020-12 dialect; `x-run-specific` names the fields that the identity form leaves out.
    """
    schema = cast("Schema", msgspec.json.schema(contract.type))  # msgspec's own annotation is dict[str, Any]
    definitions = schema.get("$defs")
    if isinstance(definitions, dict):
        for name, inner in all_contracts_of(contract.type).items():
            definition = definitions.get(name)
            if isinstance(definition, dict):
                _described(definition, inner)
        for definition in definitions.values():
            if isinstance(definition, dict) and isinstance(text := definition.get("description"), str):
                definition["description"] = inspect.cleandoc(text)  # as Python does from 3.13 on
        schema["$defs"] = {name: definitions[name] for name in sorted(definitions)}
    return {
        "$schema": DIALECT,
        "$id": f"urn:plan:contracts:{contract.name}:{contract.version}",
        "title": contract.name,
        **schema,
    }
