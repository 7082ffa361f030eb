"""What DataFusion's messages say. It raises plain exceptions with text; this module alone reads that text."""

import re
from dataclasses import dataclass
from enum import Enum


class Refusal(Enum):
    """Why a statement was not planned."""

    SYNTAX = "syntax"
    FORBIDDEN = "forbidden"
    EMPTY = "empty"
    UNKNOWN_TABLE = "unknown_table"
    UNKNOWN_COLUMN = "unknown_column"
    AMBIGUOUS_COLUMN = "ambiguous_column"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class PlanningMessage:
    """One message, taken apart."""

    refusal: Refusal
    text: str
    subject: str = ""
    qualifier: str | None = None
    line: int | None = None
    column: int | None = None


_PLACE = re.compile(r" at Line: (\d+), Column: (\d+)")
_SYNTAX = re.compile(r'^SQL error: (?:ParserError|TokenizerError)\("(.*)"\)$', re.DOTALL)
_FORBIDDEN = re.compile(r"(DDL|DML|Statement) not supported: (\w[\w ]*)")
_SEVERAL = "only supports a single SQL statement"
_SHOW = re.compile(r"(SHOW [A-Z]*).* is not supported unless information_schema is enabled")
_UNSUPPORTED_STATEMENT = re.compile(r"Unsupported SQL statement: (\w+)")
_TABLE = re.compile(r"table '(?:datafusion\.views\.)?(.+?)' not found")
_IDENTIFIER = r'(?:"(?:[^"]|"")+"|[^\s."]+)'
_COLUMN = re.compile(rf"No field named (?:({_IDENTIFIER})\.)?({_IDENTIFIER})\.(?:\s|$)")
_AMBIGUOUS = re.compile(rf"Ambiguous reference to unqualified field ({_IDENTIFIER})")
_NOISE = re.compile(
    r"^(?:(?:Error during planning|Schema error|DataFusion error|Internal error|External error"
    r"|Arrow error|Execution error|Optimizer rule '\w+' failed"
    r"|Parquet error|caused by|type_coercion)(?::\s*|\s+))+"
)
_BUG_NOTE = re.compile(r"\.?\s*This (?:issue was likely caused by a bug|was likely caused by a bug).*", re.DOTALL)


def read_planning_message(error: BaseException) -> PlanningMessage:
    """Take apart what DataFusion said when it did not plan a statement."""
    text = str(error)
    syntax = _SYNTAX.match(text)
    if syntax is not None:
        return _syntax(syntax.group(1))
    if "No SQL statements were provided" in text:
        return PlanningMessage(refusal=Refusal.EMPTY, text="holds no statement")
    if _SEVERAL in text:
        return PlanningMessage(refusal=Refusal.FORBIDDEN, text="several statements", subject="several statements")
    for pattern, group in ((_FORBIDDEN, 2), (_UNSUPPORTED_STATEMENT, 1), (_SHOW, 1)):
        forbidden = pattern.search(text)
        if forbidden is not None:
            return PlanningMessage(refusal=Refusal.FORBIDDEN, text=clean(text), subject=forbidden.group(group).strip())
    table = _TABLE.search(text)
    if table is not None:
        return PlanningMessage(refusal=Refusal.UNKNOWN_TABLE, text=clean(text), subject=table.group(1))
    column = _COLUMN.search(text)
    if column is not None:
        qualifier, name = column.groups()
        return PlanningMessage(
            refusal=Refusal.UNKNOWN_COLUMN,
            text=clean(text),
            subject=unquoted(name),
            qualifier=unquoted(qualifier) if qualifier is not None else None,
        )
    ambiguous = _AMBIGUOUS.search(text)
    if ambiguous is not None:
        subject = unquoted(ambiguous.group(1))
        return PlanningMessage(refusal=Refusal.AMBIGUOUS_COLUMN, text=clean(text), subject=subject)
    return PlanningMessage(refusal=Refusal.OTHER, text=clean(text))


def _syntax(inner: str) -> PlanningMessage:
    text = inner.replace('\\"', '"').replace("\\'", "'")
    place = _PLACE.search(text)
    line, column = (int(place.group(1)), int(place.group(2))) if place is not None else (None, None)
    text = _PLACE.sub("", text).removeprefix("Expected: ")
    expected = not inner.startswith("Expected: ")
    return PlanningMessage(
        refusal=Refusal.SYNTAX,
        text=text if expected else f"expected {text}",
        line=line or None,
        column=column or None,
    )


def clean(text: str) -> str:
    """Give the part of a message that says something to its reader: the first line, without internal prefixes.

    Examples
    --------
    >>> clean("Arrow error: Divide by zero error")
    'Divide by zero error'
    """
    shortened = _BUG_NOTE.sub("", text.strip())
    lines = [line for line in shortened.splitlines() if line.strip()]
    first = _NOISE.sub("", lines[0] if lines else "").strip() if lines else ""
    return first or (lines[1].strip() if len(lines) > 1 else shortened)


def unquoted(identifier: str) -> str:
    """Give an identifier without its quotes.

    Examples
    --------
    >>> unquoted('"Zz"'), unquoted('zz')
    ('Zz', 'zz')
    """
    if identifier.startswith('"') and identifier.endswith('"') and len(identifier) > 1:
        return identifier[1:-1].replace('""', '"')
    return identifier
