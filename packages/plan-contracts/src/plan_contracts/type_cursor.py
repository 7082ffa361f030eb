"""A place in the text of a column type, and the small steps with which it is read."""

import re

from plan_contracts.errors import TypeNotCanonical
from plan_contracts.type_vocabulary import DECIMALS

_SPACE = re.compile(r"\s*")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_RUST_ESCAPE = re.compile(r"\\(u\{([0-9a-fA-F]{1,6})\}|.)", re.DOTALL)
_ARGUMENT = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^"()\[\],])+|Some\("[^"]*"\)')
CLOSING = {"(": ")", "<": ">", "[": "]"}


def _unescape(found: re.Match[str]) -> str:
    if found.group(2) is not None:
        return chr(min(int(found.group(2), 16), 0x10FFFF))
    return {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}.get(found.group(1), found.group(1))


class TypeCursor:
    """Reads a text from left to right; every refusal names the whole text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.depth = 0

    def refused(self, detail: str, suggestion: str | None = None) -> TypeNotCanonical:
        """Give the error that names the text and what is wrong with it."""
        shown = self.text if len(self.text) <= 120 else f"{self.text[:117]}..."
        return TypeNotCanonical(f"`{shown}` is not a column type: {detail}", subject=shown, suggestion=suggestion)

    def accept(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Step over what matches here; none when nothing does."""
        found = pattern.match(self.text, self.position)
        if found is not None:
            self.position = found.end()
        return found

    def peek(self) -> str:
        """Step over white space and give the next character; empty at the end."""
        self.accept(_SPACE)
        return self.text[self.position : self.position + 1]

    def accept_token(self, tokens: str) -> str:
        """Step over one of the characters and give it; empty when none of them comes next."""
        token = self.peek()
        if token and token in tokens:
            self.position += 1
            return token
        return ""

    def expect(self, token: str) -> None:
        """Step over the character.

        Raises
        ------
        TypeNotCanonical
            When another one comes next.
        """
        if self.accept_token(token) == "":
            rest = self.text[self.position : self.position + 20]
            raise self.refused(f"expected `{token}` before `{rest}`" if rest else f"`{token}` is missing at the end")

    def accept_string(self) -> str | None:
        """Step over a text in double quotes and give what it says; none when none comes next."""
        found = self.accept(_STRING)
        return None if found is None else _RUST_ESCAPE.sub(_unescape, found.group(1))

    def arguments(self) -> list[str]:
        """Give the arguments in round or square brackets, without quotes; empty when no bracket comes next."""
        opening = self.accept_token("([")
        if not opening:
            return []
        values: list[str] = []
        while self.peek() and self.peek() != CLOSING[opening]:
            if self.text.startswith("Some(", self.position):
                close = self.text.find(")", self.position)
                value = self.text[self.position + 5 : close] if close > 0 else ""
                self.position = close + 1 if close > 0 else len(self.text)
            else:
                found = self.accept(_ARGUMENT)
                if found is None:
                    break
                value = found.group()
            values.append(value.strip().removeprefix("tz=").strip('"'))
            self.accept_token(",")
        self.expect(CLOSING[opening])
        return values

    def integers(self, word: str, fewest: int, most: int) -> list[int]:
        """Give whole numbers in brackets, as many as are asked for."""
        values = self.arguments()
        if not fewest <= len(values) <= most or not all(re.fullmatch(r"-?[0-9]{1,9}", value) for value in values):
            example = {"decimal": "decimal(38, 10)"}.get(word if word not in DECIMALS else "decimal", f"{word}(16)")
            raise self.refused(f"`{word}` needs whole numbers in brackets", f"Write for example `{example}`.")
        return [int(value) for value in values]

    def braces(self, depth: int = 0) -> None:
        """Skip up to the end of the braces that are open, strings understood."""
        while self.position < len(self.text):
            if self.text[self.position] == '"' and self.accept(_STRING) is not None:
                continue
            depth += {"{": 1, "}": -1}.get(self.text[self.position], 0)
            self.position += 1
            if depth == 0:
                return
        raise self.refused("`}` is missing at the end")
