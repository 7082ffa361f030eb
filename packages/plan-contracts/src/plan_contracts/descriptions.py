"""What is published, in words: every contract, its fields, and its examples, read from the published files alone."""

import json
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from typing import cast

from plan_contracts.codec import decode_json
from plan_contracts.errors import ContractUnknown
from plan_contracts.golden_cases.case import Plain
from plan_contracts.publication import (
    ContractDescription,
    ContractList,
    ContractSummary,
    FieldDescription,
    PublishedFiles,
    PublishedIndex,
    TypeDescription,
)
from plan_contracts.registry import registered_contract, version_number
from plan_contracts.schema_words import type_words

_Part = dict[str, Plain]


def published_folder() -> Traversable:
    """Give the published files that ship with this package."""
    return files("plan_contracts").joinpath("published")


@cache
def published_index() -> PublishedIndex:
    """Give the index that ships with this package: what is published, and which of it is released."""
    return decode_json(published_folder().joinpath("INDEX.json").read_bytes(), PublishedIndex)


def published_version(name: str) -> PublishedFiles:
    """Give what is published of a contract.

    Parameters
    ----------
    name
        For example `cost_table`, which is its newest version, or `cost_table/1.0`.

    Raises
    ------
    ContractUnknown
        When there is no such contract or version.
    """
    contract, _, version = name.partition("/")
    registered_contract(contract)
    versions = {entry.version: entry for entry in published_index().contracts if entry.contract == contract}
    if version and version not in versions:
        mend = f"Published: {', '.join(sorted(versions, key=version_number))}."
        raise ContractUnknown(f"There is no version {version} of `{contract}`", subject=contract, suggestion=mend)
    return versions[version or max(versions, key=version_number)]


def published_schema(name: str) -> bytes:
    """Give the JSON Schema of a contract as it is published.

    Raises
    ------
    ContractUnknown
        When there is no such contract or version.
    """
    return _file(published_version(name), "schema.json")


def published_case(name: str, case: str) -> bytes:
    """Give an example of a contract as it is published, in JSON.

    Parameters
    ----------
    name
        As for `published_version`.
    case
        Name of the example.

    Raises
    ------
    ContractUnknown
        When there is no such contract, version or example.
    """
    entry = published_version(name)
    cases = _cases(entry)
    if case not in cases:
        mend = f"Published: {', '.join(cases)}."
        message = f"`{entry.contract}` {entry.version} has no example `{case}`"
        raise ContractUnknown(message, subject=entry.contract, suggestion=mend)
    return _file(entry, f"{case}.json")


def _file(entry: PublishedFiles, name: str) -> bytes:
    return published_folder().joinpath(entry.contract, entry.version, name).read_bytes()


def _cases(entry: PublishedFiles) -> list[str]:
    names = [PurePosixPath(path).name for path in entry.files]
    return sorted(each.removesuffix(".msgpack") for each in names if each.endswith(".msgpack"))


def list_contracts() -> ContractList:
    """Give every published contract and version, in a sentence each.

    Examples
    --------
    >>> [each.summary for each in list_contracts().contracts if each.name == "evidence"]
    ['Columns, metadata, rows and bytes of one dataset or view.']
    """
    return ContractList(
        contracts=tuple(
            ContractSummary(
                name=entry.contract,
                version=entry.version,
                state=entry.state,
                summary=_sentence(_root(_schema(entry))),
            )
            for entry in published_index().contracts
        )
    )


def describe_contract(name: str) -> ContractDescription:
    """Give everything that is published of a contract: its types field by field, and the names of its examples.

    Parameters
    ----------
    name
        As for `published_version`.

    Raises
    ------
    ContractUnknown
        When there is no such contract or version.
    """
    entry = published_version(name)
    schema = _schema(entry)
    root = _root(schema)
    names = [PurePosixPath(path).name for path in entry.files]
    return ContractDescription(
        name=entry.contract,
        version=entry.version,
        state=entry.state,
        summary=_sentence(root),
        hand_written=root.get("additionalProperties") is False,
        types=tuple(_type_description(title, part) for title, part in _types_met(schema).items()),
        cases=tuple(_cases(entry)),
        refusals=tuple(sorted(each.removesuffix(".invalid.json") for each in names if each.endswith(".invalid.json"))),
    )


def _schema(entry: PublishedFiles) -> _Part:
    return cast("_Part", json.loads(_file(entry, "schema.json")))


def _mapping(value: Plain | None) -> _Part:
    return value if isinstance(value, dict) else {}


def _definitions(schema: _Part) -> dict[str, _Part]:
    return {name: _mapping(part) for name, part in _mapping(schema.get("$defs")).items()}


def _root(schema: _Part) -> _Part:
    return _definitions(schema)[_referred(schema)[0]]


def _referred(part: Plain) -> list[str]:
    """Give the definitions that a part refers to, in the order in which they stand there."""
    if isinstance(part, list):
        return [name for item in part for name in _referred(item)]
    if not isinstance(part, dict):
        return []
    own = part.get("$ref")
    names = [own.rpartition("/")[2]] if isinstance(own, str) else []
    return names + [
        name for key, item in part.items() if key not in ("$defs", "discriminator") for name in _referred(item)
    ]


def _types_met(schema: _Part) -> dict[str, _Part]:
    """Give the definitions in the order in which a reader meets them, each once."""
    definitions = _definitions(schema)
    met: dict[str, _Part] = {}
    waiting = _referred(schema)
    while waiting:
        name = waiting.pop(0)
        if name not in met:
            met[name] = definitions[name]
            waiting += _referred(definitions[name])
    return met


def _sentence(part: _Part) -> str:
    """Give the first sentence or line of a description."""
    text = part.get("description")
    return text.strip().splitlines()[0] if isinstance(text, str) else ""


def _type_description(name: str, part: _Part) -> TypeDescription:
    required = part.get("required")
    left_out = part.get("x-run-specific")
    values = part.get("enum")
    return TypeDescription(
        name=name,
        summary=_sentence(part),
        values=tuple(str(value) for value in values) if isinstance(values, list) else (),
        fields=tuple(
            FieldDescription(
                name=field,
                type=type_words(_mapping(inner)),
                required=field in required if isinstance(required, list) else False,
                default=_default(_mapping(inner)),
                in_identity=field not in left_out if isinstance(left_out, list) else True,
                description=str(_mapping(inner).get("description", "Which variant this is.")),
            )
            for field, inner in _mapping(part.get("properties")).items()
        ),
    )


def _default(part: _Part) -> str | None:
    return json.dumps(part["default"], ensure_ascii=False) if "default" in part else None
