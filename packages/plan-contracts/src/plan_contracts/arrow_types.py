"""The one grammar of column types, and when one type may stand in for another.

The canonical text of a type is one of `null`, `bool`, `int8` to `int64`, `uint8` to `uint64`, `float16`, `float32`,
`float64`, `string`, `binary`, `date32`, `date64`, `time32(s|ms)`, `time64(us|ns)`, `timestamp(UNIT)`,
`timestamp(UNIT, ZONE)`, `duration(UNIT)`, `interval(month_day_nano|day_time|year_month)`, `decimal(P, S)`,
`fixed_binary(N)`, `list<T>`, `struct<a: T, "b c": U>`, `map<K, V>` and `dictionary<T>`, where UNIT is `s`, `ms`, `us`
or `ns`. It names values, not layouts: plain, large and view layouts are one type, as are the widths of a decimal's
storage, fixed-size and other lists, and a run-end encoded column and its plain form. Nullability within nested types
is not part of a type.
"""

from functools import lru_cache

from plan_contracts.canonical_types import CanonicalType
from plan_contracts.type_spellings import read_spelling
from plan_contracts.type_widening import widens

__all__ = ["CanonicalType", "canonical_type", "parse_type", "widens_safely"]


def parse_type(text: str) -> CanonicalType:
    """Read a column type as pyarrow (`str(type)`), DataFusion or a person spells it.

    Parameters
    ----------
    text
        For example `timestamp[us, tz=UTC]`, `Timestamp(us, "UTC")` or `timestamptz`. Where people leave something
        open, `timestamp` and `time` count microseconds, `float` has 32 bits and `int` too.

    Raises
    ------
    TypeNotCanonical
        When the text is no type, or one without a canonical form, such as a union.

    Examples
    --------
    >>> str(parse_type("list<item: decimal128(12, 2) not null>"))
    'list<decimal(12, 2)>'
    """
    return read_spelling(text)


@lru_cache(maxsize=4096)
def canonical_type(text: str) -> str:
    """Give the canonical text of a type, however it is spelled.

    Raises
    ------
    TypeNotCanonical
        As `parse_type`.

    Examples
    --------
    >>> canonical_type("Utf8View"), canonical_type("varchar(20)"), canonical_type('Timestamp(ns, "UTC")')
    ('string', 'string', 'timestamp(ns, UTC)')
    """
    return str(read_spelling(text))


def widens_safely(available: str, required: str) -> bool:
    """Say whether a column of the available type can be read as the required one without losing a value.

    Integers widen to larger ones, and to floats and decimals that hold each of them exactly; floats and decimals to
    larger ones; dates to timestamps; times to finer units, but not to nanoseconds, which end in the year 2262; null to
    everything. Dates and timestamps are taken to lie in the years 1 to 9999. A dictionary counts as the type of its
    values. Lists, maps and structs with equal field names widen with what they hold. The relation is reflexive and
    transitive.

    Parameters
    ----------
    available, required
        Types in any spelling.

    Raises
    ------
    TypeNotCanonical
        When one of them is no type.

    Examples
    --------
    >>> widens_safely("int32", "float64"), widens_safely("int64", "float64")
    (True, False)
    """
    return widens(read_spelling(available), read_spelling(required))
