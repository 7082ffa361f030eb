"""Names: the grammar in code, the part of it that JSON Schema can say, and collisions."""

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan_contracts import (
    MAX_NAME_BYTES,
    Admission,
    AdmissionPolicy,
    Contract,
    CostSource,
    CostTable,
    DocumentRefused,
    LogicalGraph,
    LogicalNode,
    NameRefused,
    NodeKind,
    Placement,
    ProjectFile,
    ProjectSection,
    TaskCost,
    TaskGraph,
    TaskStarted,
    ViewSection,
    case_collisions,
    check_name,
    decode_event,
    decode_json,
    decode_msgpack,
    encode_json,
    encode_msgpack,
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


@pytest.mark.parametrize("name", REFUSED)
def test_document_with_a_name_outside_the_grammar_does_not_decode(name: str) -> None:
    with pytest.raises(DocumentRefused):
        decode_json(json.dumps({"name": name, "kind": "dataset"}).encode(), LogicalNode)


@pytest.mark.parametrize("name", ["a", "über", "売上", "é" * 100])
def test_document_with_a_name_within_the_grammar_decodes(name: str) -> None:
    node = LogicalNode(name=name, kind=NodeKind.DATASET)
    assert decode_json(encode_json(node), LogicalNode) == node


ACUTE = "caf\u0065\u0301"


@pytest.mark.parametrize(
    "document",
    [
        LogicalGraph(nodes=(LogicalNode(name=ACUTE, kind=NodeKind.DATASET),), edges=()),
        CostTable(costs={ACUTE: TaskCost(seconds=1.0, source=CostSource.DECLARED)}),
        TaskGraph(tasks=(), edges=((ACUTE, "b"),)),
        Admission(policy=AdmissionPolicy.STRICT, admitted=(ACUTE,), held=(), refused=False),
        TaskStarted(task=ACUTE, attempt=1, executor=Placement.INLINE),
        ProjectFile(project=ProjectSection(name="shop"), views={ACUTE: ViewSection()}),
    ],
    ids=lambda document: type(document).__name__,
)
def test_name_in_another_normal_form_is_refused_wherever_it_stands(document: Contract) -> None:
    for data, decode in ((encode_json(document), decode_json), (encode_msgpack(document), decode_msgpack)):
        with pytest.raises(DocumentRefused, match="is not in the normal form NFC"):
            decode(data, type(document))


def test_event_with_a_name_in_another_normal_form_is_refused() -> None:
    with pytest.raises(DocumentRefused, match="is not in the normal form NFC"):
        decode_event(encode_msgpack(TaskStarted(task=ACUTE, attempt=1, executor=Placement.INLINE)))


@given(names())
def test_every_name_within_the_grammar_matches_the_published_pattern(name: str) -> None:
    assert re.search(NAME_PATTERN, name)


@given(st.characters())
def test_every_character_that_can_separate_or_deceive_is_refused_by_the_pattern(character: str) -> None:
    category = unicodedata.category(character)
    if category in {"Cc", "Zs", "Zl", "Zp", "Cs"} or character in "./\\:;*?\"'<>|$`":
        assert name_fault(f"a{character}") is not None
        # A lone surrogate has no bytes in UTF-8, so no document can hold one, and the pattern need not know it.
        assert category == "Cs" or re.search(NAME_PATTERN, f"a{character}") is None


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
