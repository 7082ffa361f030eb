"""Full names of what a module's text refers to, found from its imports without importing anything."""

import ast


class ImportedNames:
    """The names that a module imports at its top level, also within `if TYPE_CHECKING:` and `try:`.

    Parameters
    ----------
    tree
        The module.
    """

    def __init__(self, tree: ast.Module) -> None:
        self._full: dict[str, str] = {}
        self._read(tree.body)

    def _read(self, body: list[ast.stmt]) -> None:
        for statement in body:
            if isinstance(statement, ast.Import):
                for alias in statement.names:
                    top = alias.name.split(".")[0]
                    self._full[alias.asname or top] = alias.name if alias.asname else top
            elif isinstance(statement, ast.ImportFrom) and statement.module is not None and statement.level == 0:
                for alias in statement.names:
                    self._full[alias.asname or alias.name] = f"{statement.module}.{alias.name}"
            elif isinstance(statement, ast.If | ast.Try):
                self._read([*statement.body, *statement.orelse])

    def full_name(self, node: ast.expr) -> str | None:
        """Give `package.module.name` of what an expression refers to; none when it is no imported name.

        Examples
        --------
        >>> names = ImportedNames(ast.parse("import pyarrow as pa"))
        >>> names.full_name(ast.parse("pa.Table", mode="eval").body)
        'pyarrow.Table'
        """
        parts: list[str] = []
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                node = ast.parse(node.value, mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return None
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self._full:
            return None
        return ".".join([self._full[node.id], *reversed(parts)])
