"""Says what a change of a published schema does to readers: nothing, additive, or breaking.

Schemas are compared as JSON, not as types, so that any two published versions can be compared, also ones that the
code no longer makes. The view is that of a reader who has the older version and meets documents of the newer one,
and of a reader of the newer version who meets old documents: a change is additive when both go well.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import cast

from plan_contracts.golden_cases.case import Plain

Schema = Mapping[str, Plain]


class Change(IntEnum):
    """What a difference does; the larger one wins."""

    NONE = 0
    ADDITIVE = 1
    BREAKING = 2


@dataclass(frozen=True)
class Difference:
    """One difference between two schemas."""

    change: Change
    """What it does."""
    path: str
    """Where, as `Type.field`."""
    what: str
    """What changed, in one sentence."""

    def __str__(self) -> str:
        """Give change, place and sentence on one line."""
        return f"{self.change.name.lower()}: {self.path}: {self.what}"


_WORDING = frozenset({"title", "description", "$id", "$schema", "$defs", "discriminator"})
_LOWER_BOUNDS = frozenset({"minimum", "minLength", "minItems", "exclusiveMinimum"})
_UPPER_BOUNDS = frozenset({"maximum", "maxLength", "maxItems", "exclusiveMaximum"})


def _mapping(value: Plain | None) -> dict[str, Plain]:
    return value if isinstance(value, dict) else {}


def _texts(value: Plain | None) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


class _Comparison:
    def __init__(self, old: Schema, new: Schema) -> None:
        self.old_definitions = _mapping(old.get("$defs"))
        self.new_definitions = _mapping(new.get("$defs"))
        self.seen: set[tuple[str, str]] = set()

    def refs(self, old: str, new: str, path: str) -> Iterator[Difference]:
        """Follow two references; where both lead was seen before, nothing is said twice."""
        names = (old.rpartition("/")[2], new.rpartition("/")[2])
        if names in self.seen:
            return
        self.seen.add(names)
        old_definition, new_definition = self.old_definitions.get(names[0]), self.new_definitions.get(names[1])
        where = names[1] if names[0] == names[1] else path
        yield from self.parts(_mapping(old_definition), _mapping(new_definition), where)

    def parts(self, old: Schema, new: Schema, path: str) -> Iterator[Difference]:
        old_ref, new_ref = old.get("$ref"), new.get("$ref")
        if isinstance(old_ref, str) and isinstance(new_ref, str):
            yield from self.refs(old_ref, new_ref, path)
            old, new = _without(old, "$ref"), _without(new, "$ref")
        elif isinstance(old_ref, str) or isinstance(new_ref, str):
            old, new = self.resolved(old), self.resolved(new)
        if "properties" in old and "properties" in new:
            yield from self.objects(old, new, path)
        for key in sorted((set(old) | set(new)) - _WORDING - {"properties", "required", "x-run-specific"}):
            yield from self.keyword(key, old, new, path)
        common = set(_mapping(old.get("properties"))) & set(_mapping(new.get("properties")))
        if common & set(_texts(old.get("x-run-specific"))) != common & set(_texts(new.get("x-run-specific"))):
            yield Difference(Change.BREAKING, path, "other fields enter the identity, so that ids change")

    def resolved(self, part: Schema) -> Schema:
        ref = part.get("$ref")
        if not isinstance(ref, str):
            return part
        name = ref.rpartition("/")[2]
        found = self.old_definitions.get(name) or self.new_definitions.get(name)
        return {**_mapping(found), **_without(part, "$ref")}

    def objects(self, old: Schema, new: Schema, path: str) -> Iterator[Difference]:
        old_fields, new_fields = _mapping(old.get("properties")), _mapping(new.get("properties"))
        old_required, new_required = set(_texts(old.get("required"))), set(_texts(new.get("required")))
        closed = old.get("additionalProperties") is False
        for name in old_fields:
            place = f"{path}.{name}"
            if name not in new_fields:
                yield Difference(Change.BREAKING, place, "the field is gone")
                continue
            yield from self.parts(_mapping(old_fields[name]), _mapping(new_fields[name]), place)
            if name in new_required and name not in old_required:
                yield Difference(Change.BREAKING, place, "the field has become required")
            if name in old_required and name not in new_required:
                yield Difference(Change.BREAKING, place, "the field may now be missing, and older readers need it")
        for name in new_fields:
            if name in old_fields:
                continue
            place = f"{path}.{name}"
            if name in new_required:
                yield Difference(Change.BREAKING, place, "the new field is required, and older documents lack it")
            elif closed:
                # People type these documents; an older reader refuses what it does not know, as it should.
                yield Difference(Change.ADDITIVE, place, "the field is new, and older readers refuse it")
            else:
                yield Difference(Change.ADDITIVE, place, "the field is new")
        common_old = [name for name in old_fields if name in new_fields]
        common_new = [name for name in new_fields if name in old_fields]
        if common_old != common_new:
            yield Difference(Change.BREAKING, path, "the fields stand in another order, so that canonical bytes change")

    def keyword(self, key: str, old: Schema, new: Schema, path: str) -> Iterator[Difference]:
        before, after = old.get(key), new.get(key)
        if key in ("items", "additionalProperties", "propertyNames") and isinstance(before, dict):
            if isinstance(after, dict):
                yield from self.parts(before, after, f"{path}[]")
                return
        elif key in ("anyOf", "prefixItems") and isinstance(before, list) and isinstance(after, list):
            yield from self.variants(before, after, path, ordered=key == "prefixItems")
            return
        if before == after:
            return
        if key == "enum":
            gone, added = set(_texts(before)) - set(_texts(after)), set(_texts(after)) - set(_texts(before))
            if gone:
                yield Difference(Change.BREAKING, path, f"the value {_listed(gone)} is gone")
            if added:
                yield Difference(Change.BREAKING, path, f"the value {_listed(added)} is new in a closed set")
            return
        yield Difference(Change.BREAKING, path, self.described(key, before, after))

    def variants(self, old: list[Plain], new: list[Plain], path: str, *, ordered: bool) -> Iterator[Difference]:
        if ordered:
            if len(old) != len(new):
                yield Difference(Change.BREAKING, path, "the array has another length")
            for position, (before, after) in enumerate(zip(old, new, strict=False)):
                yield from self.parts(_mapping(before), _mapping(after), f"{path}[{position}]")
            return
        by_key = {_variant_key(variant): _mapping(variant) for variant in old}
        new_by_key = {_variant_key(variant): _mapping(variant) for variant in new}
        for key in sorted(set(by_key) | set(new_by_key)):
            if key not in new_by_key:
                yield Difference(Change.BREAKING, path, f"the variant `{key}` is gone")
            elif key not in by_key:
                yield Difference(Change.BREAKING, path, f"the variant `{key}` is new in a closed set")
            else:
                yield from self.parts(by_key[key], new_by_key[key], path)

    @staticmethod
    def described(key: str, before: Plain | None, after: Plain | None) -> str:
        if key == "type":
            return f"the type was `{before}` and is `{after}`"
        if key == "default":
            return f"the default was {before} and is {after}, so that documents without the field mean something else"
        if key in _LOWER_BOUNDS | _UPPER_BOUNDS and isinstance(before, int | float) and isinstance(after, int | float):
            wider = after < before if key in _LOWER_BOUNDS else after > before
            effect = "newer documents may break older readers" if wider else "older documents may break it"
            return f"{key} was {before} and is {after}: {effect}"
        return f"{key} was {before} and is {after}"


def _without(part: Schema, key: str) -> dict[str, Plain]:
    return {name: value for name, value in part.items() if name != key}


def _listed(values: set[str]) -> str:
    return ", ".join(f"`{value}`" for value in sorted(values))


def _variant_key(variant: Plain) -> str:
    part = _mapping(variant)
    return str(part.get("$ref") or part.get("type") or part.get("enum")).rpartition("/")[2]


def compare_schemas(old: Schema, new: Schema) -> list[Difference]:
    """Compare two published schemas of one contract.

    Parameters
    ----------
    old, new
        Contents of `schema.json`.

    Returns
    -------
    list of Difference
        The worst first, then by place. Wording is no difference. A widened constraint is breaking, too,
        because a reader of the older version refuses what it newly allows.

    Examples
    --------
    >>> old = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    >>> new = {**old, "properties": {"a": {"type": "integer"}, "b": {"type": "string", "default": ""}}}
    >>> [str(difference) for difference in compare_schemas(old, new)]
    ['additive: $.b: the field is new']
    """
    found = list(_Comparison(old, new).parts(old, new, "$"))
    return sorted(found, key=lambda difference: (-difference.change, difference.path, difference.what))


def classify(old: Schema, new: Schema) -> Change:
    """Give what a change of a schema does: the worst of its differences.

    Parameters
    ----------
    old, new
        Contents of `schema.json`.
    """
    return max((difference.change for difference in compare_schemas(old, new)), default=Change.NONE)


def version_after(version: str, change: Change) -> str:
    """Give the version that a released contract has after a change.

    Examples
    --------
    >>> version_after("1.2", Change.ADDITIVE), version_after("1.2", Change.BREAKING)
    ('1.3', '2.0')
    """
    major, minor = (int(part) for part in version.split("."))
    if change is Change.BREAKING:
        return f"{major + 1}.0"
    return f"{major}.{minor + 1}" if change is Change.ADDITIVE else version


def as_schema(value: object) -> Schema:
    """Give parsed JSON as a schema.

    Raises
    ------
    TypeError
        When it is not a JSON object.
    """
    if not isinstance(value, dict):
        raise TypeError(f"A schema is a JSON object, not {type(value).__name__}")
    return cast("dict[str, Plain]", value)
