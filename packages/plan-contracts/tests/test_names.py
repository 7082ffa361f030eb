"""Names: the grammar in code, the part of it that JSON Schema can say, and collisions."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan_contracts import (
    MAX_NAME_BYTES,
    DocumentRefused,
    LogicalNode,
    NameRefused,
    case_collisions,
    check_name,
    decode_json,
    name_fault,
    nearest,
)
from plan_contracts.scalars import NAME_PATTERN
from plan_contracts.testing.strategies import names

REFUSED = [
    "",
    "a b",
    "a.b",
    "a/b",
    "a\\b",
    "..",
    "a\n",
    "a\0",
    "a:b",
    "a'b",
    'a"b',
    "a;b",
    "a*",
    "caf\u0065\u0301",
    "\u202eabc",
    "\u2028",
    "a\u200b",
    "\ufeffa",
    "a\uff0fb",
    "x" * 201,
    "é" * 101,
]


@pytest.mark.parametrize("name", REFUSED)
def test_name_outside_the_grammar_is_refused_with_the_name_of_its_bearer(name: str) -> None:
    with pytest.raises(NameRefused, match="The name of the view"):
        check_name(name, "view")


@pytest.mark.parametrize("name", ["a", "daily_revenue", "A-1", "über", "売上", "é" * 100, "x" * 200])
def test_name_within_the_grammar_is_given_back(name: str) -> None:
    assert check_name(name, "view") == name


@pytest.mark.parametrize("name", [name for name in REFUSED if name != "é" * 101 and "\u0301" not in name])
def test_document_with_a_dangerous_name_does_not_decode(name: str) -> None:
    import json

    with pytest.raises(DocumentRefused):
        decode_json(json.dumps({"name": name, "kind": "dataset"}).encode(), LogicalNode)


@given(names())
def test_every_name_within_the_grammar_matches_the_published_pattern(name: str) -> None:
    assert re.search(NAME_PATTERN, name)


@given(st.characters())
def test_every_character_that_can_separate_or_deceive_is_refused_by_the_pattern(character: str) -> None:
    category = unicodedata.category(character)
    if category in {"Cc", "Zs", "Zl", "Zp", "Cs"} or character in "./\\:;*?\"'<>|$`":
        assert name_fault(f"a{character}") is not None
        assert re.search(NAME_PATTERN, f"a{character}") is None


def test_names_equal_under_case_folding_collide() -> None:
    assert case_collisions(["b", "Straße", "STRASSE", "a", "B"]) == [("B", "b"), ("STRASSE", "Straße")]


@given(st.lists(names(), unique_by=str.casefold))
def test_names_that_differ_under_case_folding_do_not_collide(given_names: list[str]) -> None:
    folded = {unicodedata.normalize("NFC", name.casefold()) for name in given_names}
    assert (case_collisions(given_names) == []) == (len(folded) == len(given_names))


def test_nearest_finds_a_misspelling_and_nothing_far() -> None:
    assert nearest("custmer", ["orders", "customer"]) == "customer"
    assert nearest("CUSTOMER", ["orders", "customer"]) == "customer"
    assert nearest("zzz", ["orders", "customer"]) is None
    assert nearest("a", []) is None


def test_longest_name_is_counted_in_bytes() -> None:
    assert name_fault("é" * (MAX_NAME_BYTES // 2)) is None
    assert name_fault("é" * (MAX_NAME_BYTES // 2) + "x") is not None
