"""What DataFusion's messages say. It raises plain exceptions with text; this module alone reads that text."""

import re
from dataclasses import dataclass
from enum import Enum

from plan_contracts import nearest

SCHEMA_NAME = "plan tables"
"""Name of the schema that holds all tables. No view names it, since names of tables have no spaces."""


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
    suggestion: str | None = None
    known: tuple[str, ...] = ()
    line: int | None = None
    column: int | None = None


_PLACE = re.compile(r" at Line: (\d+), Column: (\d+)")
_SYNTAX = re.compile(r'^SQL error: (?:ParserError|TokenizerError)\("(.*)"\)$', re.DOTALL)
_FORBIDDEN = re.compile(r"(?:DDL|DML|Statement) not supported: (\w[\w ]*)")
_SEVERAL = "only supports a single SQL statement"
_WITHIN_QUERY = re.compile(r"Query (INSERT|UPDATE|DELETE|MERGE)\b.* not implemented", re.DOTALL)
_SETTING = re.compile(r"(SET) variant not implemented")
_SHOW = re.compile(r"(SHOW [A-Z]*).* is not supported unless information_schema is enabled")
_UNSUPPORTED_STATEMENT = re.compile(r"Unsupported SQL statement: (\w+)")
_TABLE = re.compile(rf"table '(?:datafusion\.)?(?:{SCHEMA_NAME}\.)?(.+?)' not found")
_IDENTIFIER = r'(?:"(?:[^"]|"")+"|[^\s."]+)'
_COLUMN = re.compile(rf"No field named (?:({_IDENTIFIER})\.)?({_IDENTIFIER})(?:\.{_IDENTIFIER})?\.(?:\s|$)")
_FUNCTION = re.compile(r"Invalid function '(.+?)'")
_VALID_FIELDS = re.compile(r"Valid fields are (.+?)\.(?:\s|$)")
_GROUPED = re.compile(r'column "(?:\S+\.)?(\S+?)" must appear in the GROUP BY clause')
_REPEATED = re.compile(
    r'Projections require unique expression names but the expression "(?:.+? AS )?([^"]+?)" at position'
)
_NAMING = (_FUNCTION, _GROUPED, _REPEATED)
_SIGNATURE = re.compile(r"No function matches the given name and argument types '(.+?)'\.")
_DID_YOU_MEAN = re.compile(r"\s*Did you mean '(.+?)'\?")
_CAUSE = re.compile(r"\n\s*caused by\s*\n")
_WORD_EDGE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_AMBIGUOUS = re.compile(rf"Ambiguous reference to unqualified field ({_IDENTIFIER})")
_NOISE = re.compile(
    r"^(?:(?:Error during planning|Schema error|DataFusion error|Internal error|External error|Arrow error"
    r"|Execution error|Parquet error|This feature is not implemented|While expanding wildcard)(?::\s*|,\s*))+"
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
    for pattern in (_FORBIDDEN, _UNSUPPORTED_STATEMENT, _WITHIN_QUERY, _SETTING, _SHOW):
        forbidden = pattern.search(text)
        if forbidden is not None:
            statement = _WORD_EDGE.sub(" ", forbidden.group(1).strip()).upper()
            return PlanningMessage(refusal=Refusal.FORBIDDEN, text=clean(text), subject=statement)
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
            suggestion=_suggestion(text),
            known=_known_columns(text),
        )
    ambiguous = _AMBIGUOUS.search(text)
    if ambiguous is not None:
        subject = unquoted(ambiguous.group(1))
        return PlanningMessage(refusal=Refusal.AMBIGUOUS_COLUMN, text=clean(text), subject=subject)
    named = next((found for pattern in _NAMING if (found := pattern.search(text)) is not None), None)
    subject = unquoted(named.group(1)) if named is not None else ""
    near = _suggestion(text)
    return PlanningMessage(
        refusal=Refusal.OTHER,
        text=clean(text),
        subject=subject,
        suggestion=nearest(subject, [near]) if near is not None else None,
    )


def _known_columns(text: str) -> tuple[str, ...]:
    found = _VALID_FIELDS.search(text)
    return tuple(found.group(1).replace('"', "").split(", ")) if found is not None else ()


def _suggestion(text: str) -> str | None:
    found = _DID_YOU_MEAN.search(text)
    return found.group(1) if found is not None else None


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
    r"""Give the part of a message that says something to its reader: the innermost cause, without internal prefixes.

    Examples
    --------
    >>> clean("Arrow error: Divide by zero error")
    'Divide by zero error'
    >>> clean("DataFusion error: type_coercion\ncaused by\nError during planning: Incompatible inputs for Union")
    'Incompatible inputs for Union'
    """
    signature = _SIGNATURE.search(text)
    if signature is not None:
        return f"No function takes the arguments `{signature.group(1)}`; a cast may help"
    for pattern, said in _REWORDED:
        found = pattern.search(text)
        if found is not None:
            return said.format(*found.groups())
    innermost = _BUG_NOTE.sub("", _CAUSE.split(text.strip())[-1])
    for line in innermost.splitlines():
        said = _DID_YOU_MEAN.sub("", _NOISE.sub("", line)).strip()
        if said:
            return said
    return text.strip()


@dataclass(frozen=True, kw_only=True)
class CsvFault:
    """What the CSV reader found wrong with a line."""

    value: str | None = None
    """The text that is no value of its column's type; none when the number of fields is wrong."""
    column: int | None = None
    """The column, from 0; none when the message does not tell."""


_CSV_VALUE = re.compile(r"Error while parsing value '(.*?)' as type '.*?' for column (\d+)", re.DOTALL)
_CAST_VALUE = re.compile(r"(?:Cannot cast string|Error parsing) '(.*?)' (?:to value|as)", re.DOTALL)
_CSV_WIDTH = re.compile(r"incorrect number of fields|Encountered unequal lengths between records")


def read_csv_fault(text: str) -> CsvFault | None:
    """Take apart what the CSV reader said about a line; none when the message is about something else.

    Examples
    --------
    >>> read_csv_fault("Error while parsing value 'x' as type 'Int64' for column 1 at line 7. Row data: '[1,x]'")
    CsvFault(value='x', column=1)
    """
    value = _CSV_VALUE.search(text)
    if value is not None:
        return CsvFault(value=value.group(1), column=int(value.group(2)))
    cast = _CAST_VALUE.search(text)
    if cast is not None:
        return CsvFault(value=cast.group(1))
    return CsvFault() if _CSV_WIDTH.search(text) is not None else None


@dataclass(frozen=True, kw_only=True)
class JsonFault:
    """What the reader of JSON lines found wrong with a line."""

    path: tuple[str, ...] = ()
    """The fields that lead to the value, outermost first; empty when the line is no JSON at all."""
    value: str = ""
    """The value, in JSON."""
    kind: str = ""
    """The type that it should have."""


_JSON_FAULT = re.compile(r"Json error: ")
_JSON_FIELD = re.compile(r"whilst decoding field '(.*?)':")
_JSON_VALUE = re.compile(r"failed to parse (.+) as (\w+)|expected (\w+) got (.+)")


def read_json_fault(text: str) -> JsonFault | None:
    r"""Take apart what the reader of JSON lines said; none when the message is about something else.

    Examples
    --------
    >>> read_json_fault("Json error: whilst decoding field 'a': failed to parse \"x\" as Int64")
    JsonFault(path=('a',), value='"x"', kind='int64')
    """
    if _JSON_FAULT.search(text) is None:
        return None
    said = _JSON_VALUE.search(text)
    if said is None:
        return JsonFault()
    value, kind = (said.group(1), said.group(2)) if said.group(1) is not None else (said.group(4), said.group(3))
    return JsonFault(path=tuple(_JSON_FIELD.findall(text)), value=value.strip(), kind=kind.lower())


_ENCODING = re.compile(r"UTF-8 error while reading CSV file|invalid utf-8|Encountered non[- ]UTF-8", re.IGNORECASE)
ENCODING_MEND = "Convert it, for example with `iconv -f LATIN1 -t UTF-8`: text is read as UTF-8."
"""What to do about a file in another encoding."""

_REWORDED = (
    (re.compile(r"Error while parsing value '(.*?)' as type '(\w+).*?' for column \d+", re.DOTALL), "`{0}` is no {1}"),
    (re.compile(r"invalid utf-8: .* at line (\d+)"), "line {0} is not UTF-8"),
    (_FUNCTION, "there is no function `{0}`"),
    (
        _GROUPED,
        "`{0}` is neither grouped by nor within an aggregate: add it to GROUP BY, or aggregate it",
    ),
    (_REPEATED, "two of its columns are called `{0}`; name one of them with `as`"),
    (
        re.compile(r"UNION queries have different number of columns"),
        "the parts of the UNION have different numbers of columns",
    ),
)
"""Messages that say the right thing in words that no user has written; earlier ones win."""

_EXHAUSTED = re.compile(r"Resources exhausted|Not enough memory")

_READING = re.compile(r"\bIO error", re.IGNORECASE)
_OBJECT_STORE = re.compile(r"Generic S3 error|Error performing [A-Z]+ https?://")

_MENDS = (
    (_ENCODING, ENCODING_MEND),
    (re.compile(r"divide by zero", re.IGNORECASE), "Guard the divisor, for example with `nullif(divisor, 0)`."),
    (
        re.compile(r"while parsing value|Csv error"),
        "Mend the file, or declare the column's type under `csv = { types = { ... } }` of the dataset.",
    ),
    (
        re.compile(r"Json error: .*expected string got (?![{\[])", re.DOTALL),
        "The field holds texts and other values: write all of them as texts in the file.",
    ),
    (
        re.compile(r"Json error"),
        "Mend the file, or declare the field's type under `json = { types = { ... } }` of the dataset.",
    ),
    (re.compile(r"Cast error|Cannot cast"), "`try_cast` gives null for what cannot be converted."),
    (re.compile(r"overflow", re.IGNORECASE), "Cast the operands to a wider type."),
    (re.compile(r"deflate stream|unexpected end of file"), "Write the file again: it is cut off."),
    (_EXHAUSTED, "Give the task more memory, or run fewer tasks beside it."),
)


def mend_of(text: str) -> str | None:
    """Say what to do about a query that failed while it ran; none when the message tells too little.

    Examples
    --------
    >>> mend_of("Arrow error: Divide by zero error")
    'Guard the divisor, for example with `nullif(divisor, 0)`.'
    """
    return next((mend for pattern, mend in _MENDS if pattern.search(text)), None)


def wants_memory(text: str) -> bool:
    """Say whether a query failed because its memory pool is too small for it.

    Examples
    --------
    >>> wants_memory("Resources exhausted: Failed to allocate additional 10.0 MB for HashJoinInput")
    True
    """
    return _EXHAUSTED.search(text) is not None


def speaks_of_encoding(text: str) -> bool:
    """Say whether a text file could not be read because it is not UTF-8.

    Examples
    --------
    >>> speaks_of_encoding("Csv error: Encountered UTF-8 error while reading CSV file: invalid utf-8: ... at line 2")
    True
    """
    return _ENCODING.search(text) is not None


def speaks_of_reading(text: str) -> bool:
    """Say whether a query failed because the bytes of a file could not be read, or decompressed.

    Examples
    --------
    >>> speaks_of_reading("Arrow error: Io error: incomplete deflate stream")
    True
    """
    return _READING.search(text) is not None


def speaks_of_object_store(text: str) -> bool:
    """Say whether a query failed because an object store refused or did not answer.

    Examples
    --------
    >>> speaks_of_object_store("Generic S3 error: Error performing GET http://s3/d in 1s, after 10 retries")
    True
    """
    return _OBJECT_STORE.search(text) is not None


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
