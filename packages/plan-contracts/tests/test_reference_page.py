"""What is published, in words: nothing is left out, nothing lacks its meaning."""

import json
import re

import pytest

from plan_contracts import STORED_TABLES, ContractUnknown
from plan_contracts.descriptions import (
    describe_contract,
    list_contracts,
    published_case,
    published_index,
    published_schema,
    published_version,
)
from plan_contracts.error_catalogue import ERROR_CODES
from plan_contracts.reference_page import reference_page
from plan_contracts.registry import CONTRACTS, RegisteredContract
from plan_contracts.schema_words import type_words

EVERY_CONTRACT = pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)


@EVERY_CONTRACT
def test_description_holds_every_field_of_the_schema_in_its_order(contract: RegisteredContract) -> None:
    schema = json.loads(published_schema(contract.name))
    described = describe_contract(contract.name)
    assert (described.name, described.version) == (contract.name, contract.version)
    assert described.types[0].name == contract.type.__name__
    assert {kind.name for kind in described.types} == set(schema["$defs"])
    for kind in described.types:
        assert [field.name for field in kind.fields] == list(schema["$defs"][kind.name].get("properties", {}))
        assert kind.summary
    assert described.cases
    assert described.refusals


@EVERY_CONTRACT
def test_every_field_says_what_it_holds_and_means(contract: RegisteredContract) -> None:
    for kind in describe_contract(contract.name).types:
        for field in kind.fields:
            assert "anything" not in field.type, f"{kind.name}.{field.name}"
            assert field.description.endswith("."), f"{kind.name}.{field.name}"
            assert (field.default is None) or not field.required


def test_page_names_every_contract_type_field_table_and_error() -> None:
    page = reference_page()
    headings = re.findall(r"^##+ (.*)$", page, re.MULTILINE)
    assert len(headings) == len(set(headings))
    for contract in CONTRACTS:
        assert contract.name in headings
        for kind in describe_contract(contract.name).types:
            assert kind.name in headings
            section = page.split(f"\n### {kind.name}\n", 1)[1].split("\n##", 1)[0]
            assert all(f"| `{field.name}` |" in section for field in kind.fields)
    assert set(STORED_TABLES) <= set(headings)
    assert all(f"| `{error.code}` |" in page for error in ERROR_CODES)


def test_types_of_one_name_are_equal_in_every_contract() -> None:
    seen: dict[str, object] = {}
    for contract in CONTRACTS:
        for kind in describe_contract(contract.name).types:
            assert seen.setdefault(kind.name, kind) == kind


def test_list_gives_every_published_version_with_a_sentence() -> None:
    listed = list_contracts().contracts
    assert [(each.name, each.version) for each in listed] == [
        (entry.contract, entry.version) for entry in published_index().contracts
    ]
    assert all(each.summary.endswith(".") for each in listed)


def test_version_and_example_that_do_not_exist_are_named() -> None:
    assert published_version("evidence") == published_version("evidence/1.0")
    with pytest.raises(ContractUnknown, match=r"no version 7\.0 of `evidence`"):
        describe_contract("evidence/7.0")
    with pytest.raises(ContractUnknown, match=r"`evidence` 1\.0 has no example `fils`"):
        published_case("evidence", "fils")
    with pytest.raises(ContractUnknown, match="no contract `evidenc`"):
        published_schema("evidenc")


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "text"),
        ({"type": "string", "contentEncoding": "base64"}, "bytes (base64 in JSON)"),
        ({"type": "string", "pattern": "^[0-9a-f]{64}$"}, "sha256"),
        ({"type": "string", "pattern": "^x$"}, "text matching `^x$`"),
        ({"type": "string", "minLength": 1, "maxLength": 1}, "text of length 1"),
        ({"type": "number", "minimum": 0, "maximum": 1}, "number from 0 to 1"),
        ({"type": "integer", "maximum": 9}, "integer at most 9"),
        ({"enum": ["a", "b"]}, "`a` or `b`"),
        ({"type": "array", "prefixItems": [{"type": "string"}, {"type": "null"}]}, "[text, none]"),
        ({"type": "object", "additionalProperties": {"$ref": "#/$defs/Column"}}, "map of text to Column"),
        ({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}, "text, or list of text"),
    ],
)
def test_schema_is_said_in_words(schema: dict[str, object], words: str) -> None:
    assert type_words(json.loads(json.dumps(schema))) == words
