"""The change classifier, on simulated histories of one contract."""

from enum import StrEnum
from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from plan_contracts import Contract
from plan_contracts.compat import Change, as_schema, classify, compare_schemas, version_after
from plan_contracts.json_schemas import contract_schema
from plan_contracts.registry import CONTRACTS, RegisteredContract


class Colour(StrEnum):
    RED = "red"


class MoreColours(StrEnum):
    RED = "red"
    BLUE = "blue"


class Cat(msgspec.Struct, tag_field="kind", tag="cat"):
    lives: int


class Dog(msgspec.Struct, tag_field="kind", tag="dog"):
    name: str


class Bird(msgspec.Struct, tag_field="kind", tag="bird"):
    wings: int


class RenamedDog(msgspec.Struct, tag_field="kind", tag="hound"):
    name: str


Field = tuple[str, object] | tuple[str, object, object]


def version(*fields: Field, forbid: bool = False) -> dict[str, object]:
    made = msgspec.defstruct("Thing", list(fields), forbid_unknown_fields=forbid, kw_only=True)
    return msgspec.json.schema(made)


BASE: tuple[Field, ...] = (("a", int), ("b", str, ""))
HISTORIES: dict[str, tuple[dict[str, object], dict[str, object], Change]] = {
    "nothing": (version(*BASE), version(*BASE), Change.NONE),
    "added_optional_field": (version(*BASE), version(*BASE, ("c", int, 0)), Change.ADDITIVE),
    "added_optional_field_between": (version(*BASE), version(BASE[0], ("c", int, 0), BASE[1]), Change.ADDITIVE),
    "added_optional_field_of_hand_written": (
        version(*BASE, forbid=True),
        version(*BASE, ("c", int, 0), forbid=True),
        Change.ADDITIVE,
    ),
    "added_required_field": (version(*BASE), version(*BASE, ("c", int)), Change.BREAKING),
    "removed_field": (version(*BASE), version(BASE[0]), Change.BREAKING),
    "renamed_field": (version(*BASE), version(("z", int), BASE[1]), Change.BREAKING),
    "renamed_optional_field": (version(*BASE), version(BASE[0], ("z", str, "")), Change.BREAKING),
    "narrowed_type": (version(("a", int | None)), version(("a", int)), Change.BREAKING),
    "widened_type": (version(("a", int)), version(("a", int | None)), Change.BREAKING),
    "other_type": (version(("a", int)), version(("a", str)), Change.BREAKING),
    "other_item_type": (version(("a", list[int])), version(("a", list[str])), Change.BREAKING),
    "tightened_constraint": (version(("a", int)), version(("a", Annotated[int, Meta(ge=0)])), Change.BREAKING),
    "loosened_constraint": (
        version(("a", Annotated[int, Meta(ge=0)])),
        version(("a", Annotated[int, Meta(ge=-1)])),
        Change.BREAKING,
    ),
    "changed_pattern": (
        version(("a", Annotated[str, Meta(pattern="a")])),
        version(("a", Annotated[str, Meta(pattern="b")])),
        Change.BREAKING,
    ),
    "new_enum_value": (version(("a", Colour)), version(("a", MoreColours)), Change.BREAKING),
    "removed_enum_value": (version(("a", MoreColours)), version(("a", Colour)), Change.BREAKING),
    "new_closed_union_variant": (version(("a", Cat | Dog)), version(("a", Cat | Dog | Bird)), Change.BREAKING),
    "removed_union_variant": (version(("a", Cat | Dog | Bird)), version(("a", Cat | Dog)), Change.BREAKING),
    "changed_tag": (version(("a", Cat | Dog)), version(("a", Cat | RenamedDog)), Change.BREAKING),
    "reordered_fields": (version(*BASE), version(BASE[1], BASE[0]), Change.BREAKING),
    "changed_default": (version(*BASE), version(BASE[0], ("b", str, "x")), Change.BREAKING),
    "field_became_required": (version(*BASE), version(BASE[0], ("b", str)), Change.BREAKING),
    "field_became_optional": (version(*BASE), version(("a", int, 0), BASE[1]), Change.BREAKING),
    "longer_tuple": (version(("a", tuple[int, int])), version(("a", tuple[int, int, int])), Change.BREAKING),
    "change_in_nested_type": (
        version(("a", list[msgspec.defstruct("Inner", [("x", int)])])),
        version(("a", list[msgspec.defstruct("Inner", [("x", str)])])),
        Change.BREAKING,
    ),
    "addition_in_nested_type": (
        version(("a", list[msgspec.defstruct("Inner", [("x", int)])])),
        version(("a", list[msgspec.defstruct("Inner", [("x", int), ("y", int, 0)])])),
        Change.ADDITIVE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("history", HISTORIES)
def test_change_of_a_simulated_history_is_classified(history: str) -> None:
    old, new, expected = HISTORIES[history]
    assert classify(as_schema(old), as_schema(new)) is expected


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_contract_compared_with_itself_has_no_difference(contract: RegisteredContract) -> None:
    assert compare_schemas(contract_schema(contract), contract_schema(contract)) == []


def test_new_event_kind_changes_no_published_schema() -> None:
    """Events are an open set: each has a schema of its own, so that a new one touches none of the others."""
    before = {contract.name: contract_schema(contract) for contract in CONTRACTS}

    class ClusterScaled(Contract, frozen=True, kw_only=True, tag_field="kind", tag="cluster_scaled"):
        """An event of a later version."""

        workers: int

    assert contract_schema(RegisteredContract("cluster_scaled", ClusterScaled, "1.0"))["title"] == "cluster_scaled"
    after = {contract.name: contract_schema(contract) for contract in CONTRACTS}
    assert all(classify(before[name], after[name]) is Change.NONE for name in before)


def test_other_wording_is_no_difference() -> None:
    old = as_schema({"description": "x", "properties": {"a": {"type": "integer", "description": "y"}}})
    new = as_schema({"description": "z", "properties": {"a": {"type": "integer"}}})
    assert compare_schemas(old, new) == []


def test_field_that_leaves_the_identity_is_breaking() -> None:
    old = as_schema({"properties": {"a": {"type": "integer"}}, "x-run-specific": []})
    new = as_schema({"properties": {"a": {"type": "integer"}}, "x-run-specific": ["a"]})
    assert classify(old, new) is Change.BREAKING


def test_new_run_specific_field_is_additive() -> None:
    old = as_schema({"properties": {"a": {"type": "integer"}}})
    new = as_schema({"properties": {"a": {"type": "integer"}, "b": {"default": 0}}, "x-run-specific": ["b"]})
    assert classify(old, new) is Change.ADDITIVE


def test_differences_name_place_and_reason_the_worst_first() -> None:
    old, new = version(("a", int), ("b", str, "")), version(("a", str), ("b", str, ""), ("c", int, 0))
    assert [str(difference) for difference in compare_schemas(as_schema(old), as_schema(new))] == [
        "breaking: Thing.a: the type was `integer` and is `string`",
        "additive: Thing.c: the field is new",
    ]


def test_recursive_definitions_end() -> None:
    schema = as_schema(
        {"$ref": "#/$defs/T", "$defs": {"T": {"properties": {"next": {"$ref": "#/$defs/T"}, "a": {"type": "integer"}}}}}
    )
    assert compare_schemas(schema, schema) == []


def test_version_after_a_change() -> None:
    assert [version_after("1.9", change) for change in Change] == ["1.9", "1.10", "2.0"]
