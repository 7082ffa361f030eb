"""The text of a view, read as far as its words: where a name stands, and what is left when layout is taken away.

Nothing about the meaning of a view is taken from its text; that is what the plan is for.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from plan_contracts import Source, SourceLocation, ViewSource

_LEXEME = re.compile(
    r"""
    (?P<space>\s+ | --[^\n]*)
  | (?P<block>/\*)
  | (?P<string>[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
  | (?P<quoted>"(?:[^"]|"")*" | `[^`]*`)
  | (?P<word>\w+)
  | (?P<mark>.)
    """,
    re.DOTALL | re.VERBOSE,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


class Lexeme(NamedTuple):
    """One piece of a statement: a string, a quoted name, a word or a single mark."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Give the offset after the last character."""
        return self.start + len(self.text)

    def is_name(self, name: str) -> bool:
        """Say whether the piece is this name; the case of an unquoted word does not count."""
        if self.kind == "quoted":
            return self.text[1:-1].replace('""', '"') == name
        return self.kind == "word" and self.text.casefold() == name.casefold()


def lexemes(sql: str) -> Iterator[Lexeme]:
    """Give the pieces of a statement in order, without white space and comments.

    Examples
    --------
    >>> [piece.text for piece in lexemes("select 'a  b' -- why")]
    ['select', "'a  b'"]
    """
    position = 0
    while found := _LEXEME.match(sql, position):
        kind = str(found.lastgroup if found.lastgroup != "tag" else "string")
        position = found.end()
        if kind == "block":
            position = _after_comment(sql, position)
        elif kind != "space":
            yield Lexeme(kind=kind, text=found.group(), start=found.start())


def _after_comment(sql: str, position: int) -> int:
    """Give the offset after a block comment, within which others may be nested."""
    depth = 1
    while depth:
        edge = _COMMENT_EDGE.search(sql, position)
        if edge is None:
            return len(sql)
        depth += 1 if edge.group() == "/*" else -1
        position = edge.end()
    return position


def words_of(sql: str) -> tuple[str, ...]:
    """Give the pieces of a statement such that layout, comments, the case of words and a closing `;` do not show.

    Examples
    --------
    >>> words_of("SELECT  'A' AS b ;") == words_of("select 'A' as b")
    True
    """
    words = [text.lower() if kind == "word" else text for kind, text in _kinds_and_texts(sql)]
    while words and words[-1] == ";":
        words.pop()
    return tuple(words)


def _kinds_and_texts(sql: str) -> Iterator[tuple[str | None, str]]:
    """Give the pieces without their places, which is quicker where no comment can be nested."""
    if "/*" in sql:
        return ((piece.kind, piece.text) for piece in lexemes(sql))
    return ((found.lastgroup, found.group()) for found in _LEXEME.finditer(sql) if found.lastgroup != "space")


def occurrences(sql: str, name: str, qualifier: str | None = None) -> list[tuple[int, int]]:
    """Give start and end of each place where a name is read, from its qualifier on where that is asked for.

    A name is not read where it is given (`as name`), called as a function or qualifies another.
    """
    pieces = list(lexemes(sql))
    found: list[tuple[int, int]] = []
    for index, piece in enumerate(pieces):
        if not piece.is_name(name):
            continue
        before = pieces[index - 1].text.lower() if index > 0 else ""
        after = pieces[index + 1].text if index + 1 < len(pieces) else ""
        qualified = before == "."
        if qualifier is None:
            if before not in (".", "as") and after not in (".", "("):
                found.append((piece.start, piece.end))
        elif qualified and index > 1 and pieces[index - 2].is_name(qualifier):
            found.append((pieces[index - 2].start, piece.end))
    return found


def parameters_of(sql: str) -> dict[str, int]:
    """Give the variables that a statement reads, with the offset at which each is read first.

    Examples
    --------
    >>> parameters_of("select $a, '$b', $$c$$ -- $d")
    {'a': 7}
    """
    found: dict[str, int] = {}
    if "$" in sql:
        for before, piece in pairwise(lexemes(sql)):
            if before.text == "$" and piece.kind == "word" and piece.start == before.end:
                found.setdefault(piece.text, before.start)
    return found


def place_of(view: ViewSource, offset: int) -> SourceLocation:
    """Give line and column of an offset in the text of a view."""
    line_start = view.sql.rfind("\n", 0, offset) + 1
    return SourceLocation(file=view.path, line=view.sql.count("\n", 0, offset) + 1, column=offset - line_start + 1)


def find_identifier(view: Source, name: str, qualifier: str | None = None) -> SourceLocation:
    """Give the first place outside comments and strings where the name stands, else the file alone.

    Of a Python view it is the place of its function.
    """
    if not isinstance(view, ViewSource):
        return SourceLocation(file=view.path, line=view.line)
    places = occurrences(view.sql, name, qualifier)
    if not places:
        places = [(piece.start, piece.end) for piece in lexemes(view.sql) if piece.is_name(name)]
    if not places:
        return SourceLocation(file=view.path)
    return place_of(view, places[0][0])
