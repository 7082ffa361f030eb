"""Places of keys, held against what `tomllib` says there is."""

import tomllib
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan_contracts.toml_places import KeyPath, key_places

TEXT = '''# a comment with [brackets] and "quotes"
title = "x"  # trailing
"quoted key" = 'literal # not a comment'
a.b . c = 1
numbers = [1, [2, 3],  # nested
  { deep = "}" , more = [ "]" ] },
]
long = """
[not.a.table]
key = "no" \\""" still inside """
raw = \'\'\'
'' [x] \'\'\'
inline = { one = 1, "t\\u0077o" = { three = 3 } }
[table]
key = 1979-05-27T07:32:00Z
[table.sub."dotted.name"]
x = true
[[fruit]]
name = "apple"
[[fruit.kind]]
name = "red"
[[fruit]]
name = "pear"
'''


def paths_of(value: object, path: KeyPath = ()) -> set[KeyPath]:
    found: set[KeyPath] = set()
    if isinstance(value, dict):
        for key, item in cast("dict[str, object]", value).items():
            found |= {(*path, key)} | paths_of(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[object]", value)):
            found |= {(*path, index)} | paths_of(item, (*path, index))
    return found


def test_every_key_and_item_of_a_dense_text_has_a_place() -> None:
    assert set(key_places(TEXT)) == paths_of(tomllib.loads(TEXT))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("title",), "title ="),
        (("quoted key",), '"quoted key"'),
        (("a", "b", "c"), "c = 1"),
        (("numbers", 1, 0), "2, 3"),
        (("numbers", 2, "more", 0), '"]"'),
        (("inline", "two", "three"), "three = 3"),
        (("table", "key"), "key = 1979"),
        (("table", "sub", "dotted.name", "x"), "x = true"),
        (("fruit", 1, "name"), 'name = "pear"'),
        (("fruit", 0, "kind", 0, "name"), 'name = "red"'),
    ],
)
def test_place_of_a_key_is_where_its_text_begins(path: KeyPath, text: str) -> None:
    line, column = key_places(TEXT)[path]
    assert TEXT.split("\n")[line - 1][column - 1 :].startswith(text)


KEYS = st.text("ab.c \"'é", min_size=1, max_size=4)
VALUES = st.recursive(
    st.one_of(st.integers(), st.booleans(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)


def quoted(text: str) -> str:
    escaped = "".join(f"\\U{ord(each):08x}" if each in '"\\' or not each.isprintable() else each for each in text)
    return f'"{escaped}"'


def written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        items = [written(item) for item in cast("list[object]", value)]
        return f"[ {', '.join(items)} ]"
    if isinstance(value, dict):
        pairs = cast("dict[str, object]", value).items()
        return "{" + ", ".join(f"{quoted(key)} = {written(item)}" for key, item in pairs) + "}"
    return str(value)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_places_of_any_document_are_complete(document: dict[str, object]) -> None:
    text = "".join(f"{quoted(key)} = {written(value)}\n" for key, value in document.items())
    assert set(key_places(text)) == paths_of(tomllib.loads(text))
