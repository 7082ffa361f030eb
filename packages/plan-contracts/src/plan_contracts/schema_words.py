"""JSON Schemas in words, for readers of a reference."""

from plan_contracts.golden_cases.case import Plain
from plan_contracts.scalars import MOST, NAME_PATTERN

_PATTERNS = {
    NAME_PATTERN: "name",
    r"^[0-9a-f]{64}$": "sha256",
    r"^([0-9a-f]{64})?$": "sha256 or empty text",
    r"^[0-9A-Za-z_.-]+$": "run id",
    r"^[0-9]+\.[0-9]+$": "version",
}
_PLAIN = {"string": "text", "boolean": "true or false", "null": "none", "integer": "integer", "number": "number"}


def type_words(part: dict[str, Plain]) -> str:
    """Say what a part of a schema allows.

    Examples
    --------
    >>> type_words({"type": "array", "items": {"$ref": "#/$defs/Column"}})
    'list of Column'
    >>> type_words({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]})
    'integer at least 0, or none'
    """
    ref, variants, values = part.get("$ref"), part.get("anyOf"), part.get("enum")
    if isinstance(ref, str):
        return ref.rpartition("/")[2]
    if isinstance(variants, list):
        return _joined([type_words(variant) for variant in variants if isinstance(variant, dict)])
    if isinstance(values, list):
        return " or ".join(f"`{value}`" for value in values)
    kind = part.get("type")
    if kind == "array":
        return _array_words(part)
    if kind == "object":
        inner = part.get("additionalProperties")
        keys = part.get("propertyNames")
        of = type_words(inner) if isinstance(inner, dict) else "anything"
        return f"map of {type_words({'type': 'string', **keys}) if isinstance(keys, dict) else 'text'} to {of}"
    if kind == "string":
        return _text_words(part)
    return _bounded(_PLAIN.get(str(kind), "anything"), part)


def _joined(words: list[str]) -> str:
    """Join alternatives; a comma keeps `or` apart where one of them has words of its own."""
    last = words[-1]
    separator = ", or " if any(" " in word for word in words) else " or "
    return ", ".join(words[:-1]) + separator + last if len(words) > 1 else last


def _array_words(part: dict[str, Plain]) -> str:
    items, prefix = part.get("items"), part.get("prefixItems")
    if isinstance(prefix, list):
        return f"[{', '.join(type_words(item) for item in prefix if isinstance(item, dict))}]"
    return f"list of {type_words(items)}" if isinstance(items, dict) else "list"


def _text_words(part: dict[str, Plain]) -> str:
    if part.get("contentEncoding") == "base64":
        return "bytes (base64 in JSON)"
    pattern = part.get("pattern")
    if isinstance(pattern, str):
        return _PATTERNS.get(pattern, f"text matching `{pattern}`")
    shortest, longest = part.get("minLength"), part.get("maxLength")
    if shortest is None or longest is None:
        return "text"
    return f"text of {shortest} to {longest} characters" if shortest != longest else f"text of length {longest}"


def _bounded(word: str, part: dict[str, Plain]) -> str:
    low = None if part.get("minimum") == -MOST - 1 else part.get("minimum")
    high = None if part.get("maximum") == MOST else part.get("maximum")
    if low is not None and high is not None:
        return (
            f"{word} from {low:g} to {high:g}"
            if isinstance(low, int | float) and isinstance(high, int | float)
            else word
        )
    if isinstance(low, int | float):
        return f"{word} at least {low:g}"
    return f"{word} at most {high:g}" if isinstance(high, int | float) else word
