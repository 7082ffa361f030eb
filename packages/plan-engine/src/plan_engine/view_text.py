"""The text of a view, as far as expressions stand in it, with the types of the columns that they name."""

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from plan_contracts import SourceColumn, SourceLocation, ViewSource
from plan_engine.arrow_schema import columns_of
from plan_engine.sql_text import lexemes, place_of

_CLOSING = {")": "(", "]": "["}
_WORDS_AROUND = frozenset(
    (
        *("select", "distinct", "from", "join", "on", "where", "having", "by", "and", "or", "not"),
        *("case", "when", "then", "else", "end", "as", "between", "in", "is"),
    )
)


class ViewText:
    """A view in pieces; parts of it are given as the index of the first piece and that after the last.

    Parameters
    ----------
    view
        The view.
    schemas
        The columns of each input.
    """

    def __init__(self, view: ViewSource, schemas: Mapping[str, pa.Schema]) -> None:
        self._view = view
        self.pieces = list(lexemes(view.sql))
        self.told: list[SourceColumn] = []
        """Columns that a message about the view has named with their types."""
        self._columns = {
            name: {column.name: column.type for column in columns_of(schema)} for name, schema in schemas.items()
        }

    def operations(self, operator: str) -> Iterator[tuple[int, int, int, int]]:
        """Give each place of an operator, as the bounds of its left and of its right operand."""
        wanted = list(operator) if not operator.isalpha() else [operator]
        texts = [piece.text.upper() for piece in self.pieces]
        for index in range(1, len(texts) - len(wanted)):
            if texts[index : index + len(wanted)] == [each.upper() for each in wanted]:
                start, end = self._operand_before(index), self._operand_after(index + len(wanted))
                if start < index and end > index + len(wanted):
                    yield start, index, index + len(wanted), end

    def calls(self, function: str) -> Iterator[tuple[int, int]]:
        """Give the bounds of each call of a function."""
        for index, piece in enumerate(self.pieces[:-1]):
            if piece.text.lower() == function.lower() and self.pieces[index + 1].text == "(":
                yield index, self._after_group(index + 1)

    def _operand_before(self, index: int) -> int:
        start = index - 1
        if self.pieces[start].text in _CLOSING:
            start = self._before_group(start)
            if start > 0 and self.pieces[start - 1].kind == "word" and not self._is_keyword(start - 1):
                start -= 1
        while start > 1 and self.pieces[start - 1].text == ".":
            start -= 2
        return start if not self._is_keyword(start) else index

    def _operand_after(self, index: int) -> int:
        if index >= len(self.pieces) or self._is_keyword(index):
            return index
        if self.pieces[index].text == "(":
            return self._after_group(index)
        end = index + 1
        while end + 1 < len(self.pieces) and self.pieces[end].text == ".":
            end += 2
        return self._after_group(end) if end < len(self.pieces) and self.pieces[end].text == "(" else end

    def _is_keyword(self, index: int) -> bool:
        return self.pieces[index].kind == "word" and self.pieces[index].text.lower() in _WORDS_AROUND

    def _before_group(self, index: int) -> int:
        depth = 0
        while index > 0:
            depth += (self.pieces[index].text in _CLOSING) - (self.pieces[index].text in _CLOSING.values())
            if not depth:
                return index
            index -= 1
        return 0

    def _after_group(self, index: int) -> int:
        depth = 0
        for end in range(index, len(self.pieces)):
            depth += (self.pieces[end].text in _CLOSING.values()) - (self.pieces[end].text in _CLOSING)
            if not depth:
                return end + 1
        return len(self.pieces)

    def slice(self, start: int, end: int) -> str:
        """Give a part of the text as it stands, on one line."""
        return " ".join(self._view.sql[self.pieces[start].start : self.pieces[end - 1].end].split())

    def place(self, index: int) -> SourceLocation:
        """Give the place of a piece."""
        return place_of(self._view, self.pieces[index].start)

    def origins(self, start: int, end: int, types: Sequence[str] = ()) -> dict[str, tuple[str, str]]:
        """Give the columns that a part names, each with its type and the input that has it.

        Parameters
        ----------
        start, end
            Bounds of the part.
        types
            Only columns of these types count; none lets each count.
        """
        found: dict[str, tuple[str, str]] = {}
        for index in range(start, end):
            piece = self.pieces[index]
            if piece.kind not in ("word", "quoted") or (index + 1 < end and self.pieces[index + 1].text in (".", "(")):
                continue
            for source, columns in self._columns.items():
                for column, kind in columns.items():
                    if piece.is_name(column) and (not types or kind in types):
                        found.setdefault(column, (kind, source))
        return found
