"""What the text of a logical plan says: which columns its scans read, which functions it calls, how large it is.

The text, unlike the tree of inputs, also shows the plans of subqueries that stand within expressions.
"""

import re
from collections.abc import Iterable, Mapping

_SCAN = re.compile(r"^\s*TableScan: (\S+?)(?: projection=\[|,|$|\s)", re.MULTILINE)
_PROJECTED_SCAN = re.compile(r"^\s*TableScan: (\S+) projection=\[", re.MULTILINE)
_STRING_LITERAL = re.compile(r'(?:Large)?Utf8(?:View)?\("(?:[^"\\]|\\.)*"\)')
_UNNAMED = re.compile(r"(?<![\w.$])\?(?=[\s,)]|$)")
_TESTED_SUBQUERY = re.compile(r"\b(?:IN|EXISTS) \(<subquery>\)")
_CALL = re.compile(r"\b([a-z_][a-z0-9_]*)\(")

CLOCK_FUNCTIONS = frozenset({"now", "current_timestamp", "current_date", "current_time", "today"})
"""Functions that tell the time."""

VOLATILE_FUNCTIONS = CLOCK_FUNCTIONS | {"random", "rand", "uuid", "input_file_name", "file_row_index"}
"""Functions whose value differs from run to run: those of DataFusion that it does not call deterministic."""


def scanned_columns(plan: str, columns: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    """Give the columns that an optimised plan's scans read, over all scans of each table.

    Parameters
    ----------
    plan
        Text of the optimised plan.
    columns
        Columns of each table that the plan may scan.

    Returns
    -------
    dict
        Columns by table; a table that is scanned without any column has an empty set.
    """
    tables = {table_key(table): table for table in columns}
    found: dict[str, set[str]] = {
        tables[key]: set() for match in _SCAN.finditer(plan) if (key := table_key(match.group(1))) in tables
    }
    for match in _PROJECTED_SCAN.finditer(plan):
        table = tables.get(table_key(match.group(1)))
        if table is not None:
            found[table].update(_read_names(plan, match.end(), columns[table]))
    return found


def table_key(scanned: str) -> str:
    """Give that of a scan's table by which it is known: a statement may qualify it, and write it in another case."""
    return scanned.rpartition(".")[2].casefold()


def _read_names(plan: str, start: int, columns: Iterable[str]) -> set[str]:
    """Read `a, b]`, where names may hold commas and brackets themselves: only known columns are taken."""
    known = set(columns)
    named = plan[start : plan.find("]", start)].split(", ")
    if known.issuperset(named) and not any("," in name or "]" in name for name in known):
        return set(named)
    return _read_odd_names(plan, start, sorted(known, key=len, reverse=True))


def _read_odd_names(plan: str, start: int, known: list[str]) -> set[str]:
    """Do so name by name, the longest that fits first."""
    names: set[str] = set()
    position = start
    while not plan.startswith("]", position):
        name = next((name for name in known if plan.startswith(name, position) and _ends(plan, position, name)), None)
        if name is None:
            break
        names.add(name)
        position += len(name)
        if plan.startswith(", ", position):
            position += 2
    return names


def _ends(plan: str, position: int, name: str) -> bool:
    return plan.startswith((", ", "]"), position + len(name))


def volatile_calls(plan: str) -> set[str]:
    """Name the functions whose value differs from run to run that an unoptimised plan calls."""
    if not any(f"{name}(" in plan for name in VOLATILE_FUNCTIONS):
        return set()
    return {call.group(1) for call in _CALL.finditer(_without_strings(plan))} & VOLATILE_FUNCTIONS


def unnamed_placeholders(plan: str) -> bool:
    """Say whether an unoptimised plan reads a `?`."""
    return "?" in plan and _UNNAMED.search(_without_strings(plan)) is not None


def tested_subqueries(plan: str) -> bool:
    """Say whether an optimised plan asks within an expression whether a subquery has rows, which cannot be run."""
    return "<subquery>" in plan and _TESTED_SUBQUERY.search(_without_strings(plan)) is not None


def _without_strings(plan: str) -> str:
    return _STRING_LITERAL.sub("", plan)


def operator_count(plan: str) -> int:
    """Give the number of operators, subqueries included."""
    return sum(1 for line in plan.splitlines() if line.strip())
