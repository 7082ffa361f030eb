"""Where each key of a TOML text stands, which `tomllib` does not tell."""

import re
from bisect import bisect_right
from contextlib import suppress

KeyPath = tuple[str | int, ...]
"""Keys, and indices of arrays, from the root."""

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BASIC = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_LITERAL = re.compile(r"'[^'\n]*'")
_LONG_BASIC = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}(?!")', re.DOTALL)
_LONG_LITERAL = re.compile(r"'''.*?'{3,5}(?!')", re.DOTALL)
_SCALAR = re.compile(r"[^,\]}#\n]*")
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL)
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}


class _Scanner:
    """Walks a text that `tomllib` has accepted; what it would do with any other is not defined."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.places: dict[KeyPath, int] = {}
        self.array_lengths: dict[KeyPath, int] = {}

    def match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.position)
        if found is None:
            return ""
        self.position = found.end()
        return found.group()

    def peek(self, token: str) -> bool:
        return self.text.startswith(token, self.position)

    def document(self) -> None:
        table: KeyPath = ()
        self.match(_BLANK)
        while self.position < len(self.text):
            if self.peek("[["):
                self.position += 2
                table = self.header(array=True)
            elif self.peek("["):
                self.position += 1
                table = self.header(array=False)
            else:
                before = self.position
                self.pair(table)
                if self.position == before:
                    return
            self.match(_BLANK)

    def header(self, *, array: bool) -> KeyPath:
        self.match(_SPACE)
        start = self.position
        path: KeyPath = ()
        keys = self.dotted_key()
        for depth, (key, _) in enumerate(keys, start=1):
            table: KeyPath = (*path, key)
            self.places.setdefault(table, start)
            path = table
            if array and depth == len(keys):
                index = self.array_lengths.get(table, 0)
                self.array_lengths[table] = index + 1
                path = (*table, index)
                self.places[path] = start
            elif table in self.array_lengths:
                path = (*table, self.array_lengths[table] - 1)
        self.match(_SPACE)
        self.position += 2 if array else 1
        return path

    def pair(self, table: KeyPath) -> None:
        path = table
        for key, place in self.dotted_key():
            path = (*path, key)
            self.places.setdefault(path, place)
        self.match(_SPACE)
        if self.peek("="):
            self.position += 1
            self.match(_SPACE)
            self.value(path)

    def dotted_key(self) -> list[tuple[str, int]]:
        keys: list[tuple[str, int]] = []
        while True:
            self.match(_SPACE)
            place = self.position
            if self.peek('"'):
                keys.append((_ESCAPE.sub(_unescape, self.match(_BASIC)[1:-1]), place))
            elif self.peek("'"):
                keys.append((self.match(_LITERAL)[1:-1], place))
            else:
                keys.append((self.match(_BARE), place))
            self.match(_SPACE)
            if not self.peek("."):
                return keys
            self.position += 1

    def value(self, path: KeyPath) -> None:
        if self.peek("["):
            self.position += 1
            self.items(path, "]")
        elif self.peek("{"):
            self.position += 1
            self.items(path, "}")
        elif self.peek('"""'):
            self.match(_LONG_BASIC)
        elif self.peek("'''"):
            self.match(_LONG_LITERAL)
        elif self.peek('"'):
            self.match(_BASIC)
        elif self.peek("'"):
            self.match(_LITERAL)
        else:
            self.match(_SCALAR)

    def items(self, path: KeyPath, end: str) -> None:
        index = 0
        while self.position < len(self.text):
            self.match(_BLANK)
            if self.peek(end):
                self.position += 1
                return
            if self.peek(","):
                self.position += 1
                continue
            before = self.position
            if end == "]":
                self.places[(*path, index)] = before
                self.value((*path, index))
                index += 1
            else:
                self.pair(path)
            if self.position == before:
                return


def _unescape(found: re.Match[str]) -> str:
    escape = found.group(1)
    if len(escape) > 1:
        return chr(int(escape[1:], 16))
    return _ESCAPED.get(escape, escape)


def key_places(text: str) -> dict[KeyPath, tuple[int, int]]:
    r"""Give line and column, both from 1 and in characters, of each key and array item.

    Parameters
    ----------
    text
        Valid TOML, with `\n` or `\r\n` as line break.

    Returns
    -------
    dict
        By path from the root. A table has the place of its first header, a dotted key that of its own part.

    Examples
    --------
    >>> key_places('[project]\nname = "shop"')[("project", "name")]
    (2, 1)
    """
    scanner = _Scanner(text)
    # A text may be nested so deeply that even tomllib only just read it; what was found so far has its place.
    with suppress(RecursionError):
        scanner.document()
    starts = [0, *(found.end() for found in re.finditer("\n", text))]
    places: dict[KeyPath, tuple[int, int]] = {}
    for path, offset in scanner.places.items():
        line = bisect_right(starts, offset)
        places[path] = (line, offset - starts[line - 1] + 1)
    return places
