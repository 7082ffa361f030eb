"""Reading a column type as pyarrow, Arrow's Rust implementation (DataFusion) or a person spells it."""

import re

from plan_contracts.canonical_types import CanonicalType
from plan_contracts.errors import TypeNotCanonical
from plan_contracts.names import nearest
from plan_contracts.type_cursor import CLOSING, TypeCursor
from plan_contracts.type_vocabulary import (
    DECIMALS,
    DICTIONARIES,
    FIXED_BINARY,
    INTERVALS,
    KNOWN,
    LEAVES,
    LISTS,
    RUN_ENDS,
    STRUCTS,
    TIMED_WORDS,
    TIMES,
    UNITS,
    UTC,
)

MAX_TYPE_TEXT = 65536
"""Longest text that is read, in characters."""

MAX_TYPE_DEPTH = 64
"""Deepest nesting that is read."""

_WORD = re.compile(r"[^\W\d]\w*")
_ZONE_WORDS = re.compile(r"\s*(with|without)\s+time\s+zone\b", re.IGNORECASE)
_SECOND_WORD = re.compile(r"\s*(precision|varying|unsigned)\b", re.IGNORECASE)
_UNSIGNED = re.compile(r"\s*unsigned\b", re.IGNORECASE)
_NULLABILITY = re.compile(r"\s*(?:non-null|nullable)\s+")
_NOT_NULL = re.compile(r"\s*not\s+null\b", re.IGNORECASE)
_FIELD = re.compile(r"\s*Field\s*\{\s*")
_FIELD_NAME = re.compile(r"name:\s*(?=\")")
_DATA_TYPE = re.compile(r"\s*,?\s*data_type:\s*")
_ITEM_NAME = re.compile(r"\s*[^\W\d][\w ]*:(?!:)\s*")
_DICTIONARY_PART = re.compile(r"\s*(values|indices|ordered)=")
_METADATA = r"\('[^']*'\)|field:\s*'[^']*'|metadata:\s*(?=\{)"
_FIELD_DECORATION = re.compile(rf"\s*(?:,\s*)?(?:{_METADATA})")
# Bare words follow the types of a map; between the fields of a struct they would be names.
_DECORATION = re.compile(rf"\s*(?:,\s*)?(?:{_METADATA}|(?:keys_sorted|unsorted|sorted|true|false)\b)")


class _Parser(TypeCursor):
    def whole(self) -> CanonicalType:
        parsed = self.type()
        if self.peek():
            raise self.refused(f"`{self.text[self.position : self.position + 20]}` is left over")
        return parsed

    def type(self) -> CanonicalType:
        self.depth += 1
        if self.depth > MAX_TYPE_DEPTH:
            raise self.refused(f"it is nested more than {MAX_TYPE_DEPTH} deep")
        self.accept(_NULLABILITY)
        self.peek()
        word = self.accept(_WORD)
        if word is None:
            raise self.refused("a type is missing" if not self.peek() else f"`{self.peek()}` begins no type")
        parsed = self.named(word.group().lower())
        while self.peek() == "[":
            # `int64[]` is a person's list; `fixed_size_list<...>[3]` is consumed where it is read.
            close = self.text.find("]", self.position)
            inside = self.text[self.position + 1 : close].strip()
            if close < 0 or (inside and not inside.isdigit()):
                raise self.refused(f"`{self.text[self.position :][:20]}` is left over")
            self.position = close + 1
            parsed = CanonicalType("list", children=(parsed,))
        self.accept(_NOT_NULL)
        self.depth -= 1
        return parsed

    def named(self, word: str) -> CanonicalType:
        if word in LEAVES:
            return self.leaf(word)
        if word in DECIMALS:
            return self.decimal(word)
        if word in TIMED_WORDS:
            name, unit = TIMED_WORDS[word]
            return CanonicalType(name, (unit,))
        if word in ("timestamp", "datetime", "timestamptz"):
            return self.timestamp(word)
        if word == "month_day_nano_interval":
            return CanonicalType("interval", ("month_day_nano",))
        if word in ("time", "time32", "time64", "duration", "interval"):
            return self.timed(word)
        if word in FIXED_BINARY:
            (width,) = self.integers(word, 1, 1)
            if width < 0:
                raise self.refused("a width is not negative")
            return CanonicalType("fixed_binary", (width,))
        return self.nested(word)

    def leaf(self, word: str) -> CanonicalType:
        second = _SECOND_WORD.match(self.text, self.position)
        pair = (word, second.group(1).lower()) if second is not None else (word, "")
        if pair in (("double", "precision"), ("character", "varying"), ("char", "varying")) and second is not None:
            self.position = second.end()
        name = LEAVES[word]
        if name in ("string", "binary") and self.peek() == "(":
            self.integers(word, 1, 1)
        if name in ("date32", "date64") and self.peek() in ("[", "("):
            self.arguments()
        if name.startswith("int") and self.accept(_UNSIGNED) is not None:
            name = f"u{name}"
        return CanonicalType(name)

    def decimal(self, word: str) -> CanonicalType:
        precision, *rest = self.integers(word, 1, 2)
        scale = rest[0] if rest else 0
        if not 1 <= precision <= DECIMALS[word]:
            raise self.refused(f"the precision of {word} lies between 1 and {DECIMALS[word]}")
        if not -128 <= scale <= precision:
            raise self.refused("the scale is not larger than the precision, and at least -128")
        return CanonicalType("decimal", (precision, scale))

    def timestamp(self, word: str) -> CanonicalType:
        values = self.arguments()
        zone = "UTC" if word == "timestamptz" else None
        words = self.accept(_ZONE_WORDS)
        if words is not None and words.group(1).lower() == "with":
            zone = "UTC"
        unit = self.unit(values[0]) if values else "us"
        if len(values) > 1 and values[1] not in ("None", ""):
            zone = "UTC" if values[1].lower() in UTC else values[1]
        if len(values) > 2 or (zone is not None and not re.fullmatch(r"[A-Za-z0-9_+\-:/]+", zone)):
            raise self.refused(
                "a timestamp has a unit and at most one time zone", "Write for example `timestamp(us, UTC)`."
            )
        return CanonicalType("timestamp", (unit,) if zone is None else (unit, zone))

    def unit(self, text: str) -> str:
        unit = UNITS.get(text.strip().lower())
        if unit is None:
            raise self.refused(f"`{text}` is no unit of time", "Units are `s`, `ms`, `us` and `ns`.")
        return unit

    def timed(self, word: str) -> CanonicalType:
        values = self.arguments()
        self.accept(_ZONE_WORDS) if word == "time" else None
        if len(values) > 1:
            raise self.refused(f"`{word}` has one argument")
        if word == "interval":
            kind = INTERVALS.get(values[0].lower() if values else "month_day_nano")
            if kind is None:
                raise self.refused(f"`{values[0]}` is no kind of interval", "Write `interval(month_day_nano)`.")
            return CanonicalType("interval", (kind,))
        if word == "time":
            unit = self.unit(values[0]) if values else "us"
            return CanonicalType("time32" if unit in TIMES["time32"] else "time64", (unit,))
        unit = self.unit(values[0]) if values else {"time32": "ms"}.get(word, "us")
        if unit not in TIMES.get(word, ("s", "ms", "us", "ns")):
            raise self.refused(f"`{word}` has no unit `{unit}`", f"Its units are {' and '.join(TIMES[word])}.")
        return CanonicalType(word, (unit,))

    def nested(self, word: str) -> CanonicalType:
        known = word in LISTS or word in STRUCTS or word in DICTIONARIES or word in RUN_ENDS or word == "map"
        if not known:
            near = nearest(word, KNOWN)
            raise self.refused(f"`{word}` is not known", f"Did you mean `{near}`?" if near else None)
        if word == "list" and self.peek() not in ("<", "("):
            raise self.refused("`list` needs the type of its items", "Write for example `list<string>`.")
        if word.replace("_", "") == "month" or self.peek() not in ("<", "("):
            raise self.refused(f"`{word}` needs the types within it in `<...>`")
        names, children = self.members(self.accept_token("<("), fields=word in STRUCTS)
        return self.assembled(word, names, children)

    def assembled(self, word: str, names: list[str], children: list[CanonicalType]) -> CanonicalType:
        if word in STRUCTS:
            return CanonicalType("struct", children=tuple(children), field_names=tuple(names))
        if word in LISTS and len(children) == 1:
            if word in ("fixed_size_list", "fixedsizelist") and self.peek() == "[":
                self.arguments()
            return CanonicalType("list", children=(children[0],))
        if word == "map":
            entries = children[0].children if len(children) == 1 and children[0].name == "struct" else tuple(children)
            if len(entries) == 2:
                if entries[0].name == "null":
                    raise self.refused("The keys of a `map` are never null", "Give them a type, such as `string`.")
                return CanonicalType("map", children=entries)
        if word in DICTIONARIES and len(children) in (1, 2):
            # pyarrow names its parts (`values=`), Arrow's Rust implementation puts the index type first.
            values = children[names.index("values")] if "values" in names else children[-1]
            return CanonicalType("dictionary", children=(values,))
        if word in RUN_ENDS and len(children) == 2:
            return children[1]
        raise self.refused(f"`{word}` does not hold {len(children)} types")

    def members(self, opening: str, *, fields: bool) -> tuple[list[str], list[CanonicalType]]:
        closing = CLOSING[opening]
        names: list[str] = []
        children: list[CanonicalType] = []
        bracketed = bool(fields and opening == "(" and self.accept_token("["))
        while self.peek() and self.peek() not in (closing, "]"):
            part = self.accept(_DICTIONARY_PART)
            if part is not None and part.group(1) == "ordered":
                self.accept(re.compile(r"\w+"))
            else:
                name, child = self.member(fields=fields)
                names.append(part.group(1) if part is not None else name)
                children.append(child)
            self.decorations(_FIELD_DECORATION if fields else _DECORATION)
            if not self.accept_token(","):
                break
        if bracketed:
            self.expect("]")
        self.expect(closing)
        return names, children

    def decorations(self, pattern: re.Pattern[str]) -> None:
        while (found := self.accept(pattern)) is not None:
            if found.group().rstrip().endswith("metadata:"):
                self.braces()

    def member(self, *, fields: bool) -> tuple[str, CanonicalType]:
        if self.accept(_FIELD) is not None:
            return self.debug_field()
        name = ""
        quoted = self.accept_string() if self.peek() == '"' else None
        if quoted is not None:
            name = quoted
            self.accept_token(":")
        elif fields:
            name = self.bare_field_name()
        else:
            named = _ITEM_NAME.match(self.text, self.position)
            size = re.compile(r"\s*[0-9]+ x ").match(self.text, self.position)
            found = named or size
            if found is not None:
                self.position = found.end()
        return name, self.type()

    def bare_field_name(self) -> str:
        colon = self.text.find(":", self.position)
        word = _WORD.match(self.text, self.position)
        spaced = re.compile(r"(\w+)\s+(?=[^\W\d])").match(self.text, self.position)
        if word is not None and spaced is not None and not self.text.startswith(":", spaced.end()):
            # `struct(a int, b text)`, as DuckDB writes it, unless the name itself goes on up to a colon.
            end = min((at for at in (self.text.find(mark, self.position) for mark in ",)>") if at >= 0), default=-1)
            if colon < 0 or 0 <= end < colon:
                self.position = spaced.end()
                return spaced.group(1)
        if colon < 0:
            raise self.refused("a field needs a name and a type", "Write for example `struct<a: int64, b: string>`.")
        name = self.text[self.position : colon].strip()
        self.position = colon + 1
        return name

    def debug_field(self) -> tuple[str, CanonicalType]:
        """Read Rust's debug form, in its older and its newer spelling, from behind `Field {`."""
        self.accept(_FIELD_NAME)
        self.peek()
        name = self.accept_string() or ""
        if self.accept(_DATA_TYPE) is None:
            self.expect(":")
        child = self.type()
        self.braces(depth=1)
        return name, child


def read_spelling(text: str) -> CanonicalType:
    """Read a type, however it is spelled.

    Raises
    ------
    TypeNotCanonical
        When the text is no type, or one without a canonical form, such as a union.
    """
    if len(text) > MAX_TYPE_TEXT:
        raise TypeNotCanonical(f"The text of a column type has {len(text)} characters; {MAX_TYPE_TEXT} are read")
    return _Parser(text).whole()
