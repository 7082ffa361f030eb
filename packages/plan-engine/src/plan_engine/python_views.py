"""Python views as the text of their module shows them: nothing is imported, so nothing of the user's runs."""

import ast
import hashlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from plan_contracts import (
    Column,
    FrameKind,
    PlanError,
    PythonInput,
    PythonSource,
    RequiredColumn,
    Requirement,
    SourceLocation,
    Variable,
    canonical_type,
    name_fault,
    nearest,
)
from plan_engine.errors import PythonViewRefused
from plan_engine.python_names import ImportedNames
from plan_engine.variable_reading import has_value, missing_variable

_FRAMES = {
    "pyarrow.Table": FrameKind.TABLE,
    "pyarrow.lib.Table": FrameKind.TABLE,
    "pyarrow.RecordBatchReader": FrameKind.READER,
    "pyarrow.lib.RecordBatchReader": FrameKind.READER,
    "pyarrow.ipc.RecordBatchReader": FrameKind.READER,
    "datafusion.DataFrame": FrameKind.DATAFRAME,
    "datafusion.dataframe.DataFrame": FrameKind.DATAFRAME,
}
_DECORATORS = {"plan_engine.view", "plan_engine.view_declaration.view"}
_SETTINGS = ("requires", "output", "inputs", "tags", "volatile")
_KINDS = ", ".join(f"`{kind.value}`" for kind in FrameKind)


def read_module(
    data: bytes, path: str, variables: Mapping[str, Variable]
) -> tuple[list[PythonSource], list[PlanError]]:
    """Read the views of a module: its public functions.

    Parameters
    ----------
    data
        The module's bytes.
    path
        Its file, relative to plan.toml.
    variables
        Those of the project; a function takes them as keyword-only parameters.

    Returns
    -------
    list, list
        The views in the order of the text, and everything that keeps functions from being views.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the user's literals, which is said where the module is imported
            tree = ast.parse(data)
    except SyntaxError as fault:
        location = SourceLocation(file=path, line=fault.lineno or None, column=fault.offset or None)
        return [], [PythonViewRefused(f"The file is not valid Python: {fault.msg}", subject=path, location=location)]
    except (ValueError, RecursionError, MemoryError) as fault:
        location = SourceLocation(file=path)
        return [], [PythonViewRefused(f"The file is not valid Python: {fault}", subject=path, location=location)]
    module = _Module(path, hashlib.sha256(data).hexdigest(), ImportedNames(tree), variables)
    sources: list[PythonSource] = []
    errors: list[PlanError] = []
    functions = [each for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    public = [each for each in functions if not each.name.startswith("_")]
    if not public:
        mend = "Define a view, or let the file's name begin with `_`."
        location = SourceLocation(file=path)
        errors.append(
            PythonViewRefused("The file has no public function", subject=path, location=location, suggestion=mend)
        )
    for function in public:
        view = _Function(module, function)
        source = view.source()
        errors += view.errors
        if not view.errors:
            sources.append(source)
    return sources, errors


@dataclass(frozen=True)
class _Module:
    path: str
    sha256: str
    names: ImportedNames
    variables: Mapping[str, Variable]


class _Function:
    """One public function, and what is wrong with it as a view."""

    def __init__(self, module: _Module, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._module = module
        self._node = node
        self._settings: dict[str, object] = {}
        self.errors: list[PlanError] = []

    def source(self) -> PythonSource:
        """Give what the text says; of use only where `errors` stays empty."""
        node, module = self._node, self._module
        self._read_settings()
        self._check_signature()
        parameters = self._variables()
        return PythonSource(
            name=node.name,
            path=module.path,
            function=node.name,
            line=node.lineno,
            sha256=module.sha256,
            inputs=tuple(self._inputs()),
            parameters=parameters,
            returns=self._frame(node.returns, node, "result"),
            output=self._output(),
            tags=tuple(sorted(set(self._texts("tags", self._settings.get("tags", ()))))),
            volatile=self._settings.get("volatile") is True
            or any(variable.secret is not None for variable in parameters.values()),
        )

    def _refuse(self, message: str, place: ast.AST, mend: str | None = None) -> None:
        name = self._node.name
        line, column = getattr(place, "lineno", self._node.lineno), getattr(place, "col_offset", 0) + 1
        location = SourceLocation(file=self._module.path, line=line, column=column)
        self.errors.append(
            PythonViewRefused(f"The Python view `{name}`: {message}", subject=name, location=location, suggestion=mend)
        )

    def _read_settings(self) -> None:
        for decorator in self._node.decorator_list:
            target = decorator.func if isinstance(decorator, ast.Call) else decorator
            if self._module.names.full_name(target) not in _DECORATORS or not isinstance(decorator, ast.Call):
                continue
            if decorator.args:
                self._refuse("`@view` takes keywords only", decorator, f"Known: {', '.join(_SETTINGS)}.")
            for keyword in decorator.keywords:
                self._read_setting(keyword)

    def _read_setting(self, keyword: ast.keyword) -> None:
        if keyword.arg not in _SETTINGS:
            near = nearest(keyword.arg or "", _SETTINGS)
            mend = f"Did you mean `{near}`?" if near else f"Known: {', '.join(_SETTINGS)}."
            self._refuse(f"`@view` has no setting `{keyword.arg or '**'}`", keyword, mend)
            return
        try:
            self._settings[keyword.arg] = ast.literal_eval(keyword.value)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            mend = "Write it out: the module is not imported to find out what its views are."
            self._refuse(f"`{keyword.arg}` is no literal", keyword.value, mend)

    def _check_signature(self) -> None:
        node = self._node
        if isinstance(node, ast.AsyncFunctionDef):
            self._refuse("it is `async`", node, "Write `def`.")
        for many, stars in ((node.args.vararg, "*"), (node.args.kwarg, "**")):
            if many is not None:
                self._refuse(f"`{stars}{many.arg}` names no input", many, "Name each input as a parameter.")
        for default in [*node.args.defaults, *(each for each in node.args.kw_defaults if each is not None)]:
            self._refuse("a parameter has a default", default, "Give inputs their names, variables their `[vars]`.")
        fault = name_fault(node.name)
        if fault is not None:
            self._refuse(f"its name {fault}", node)

    def _variables(self) -> dict[str, Variable]:
        known = self._module.variables
        found: dict[str, Variable] = {}
        for argument in self._node.args.kwonlyargs:
            if has_value(known.get(argument.arg)):
                found[argument.arg] = known[argument.arg]
                continue
            place = SourceLocation(file=self._module.path, line=argument.lineno, column=argument.col_offset + 1)
            self.errors.append(missing_variable(self._node.name, argument.arg, known, place))
        return dict(sorted(found.items()))

    def _inputs(self) -> Iterator[PythonInput]:
        arguments = [*self._node.args.posonlyargs, *self._node.args.args]
        names = {key: str(name) for key, name in self._by_parameter("inputs").items()}
        required = self._by_parameter("requires")
        known = [argument.arg for argument in arguments]
        for setting, given in (("inputs", names), ("requires", required)):
            for parameter in given:
                if parameter not in known:
                    near = nearest(parameter, known)
                    mend = f"Did you mean `{near}`?" if near else None
                    self._refuse(f"`{setting}` names `{parameter}`, which is no parameter", self._node, mend)
        for argument in arguments:
            name = names.get(argument.arg, argument.arg)
            fault = name_fault(name)
            if fault is not None:
                self._refuse(f"the input `{name}` {fault}", argument)
                continue
            yield PythonInput(
                parameter=argument.arg,
                name=name,
                wants=self._frame(argument.annotation, argument, f"parameter `{argument.arg}`"),
                requirement=self._requirement(argument.arg, required),
            )

    def _frame(self, annotation: ast.expr | None, place: ast.AST, what: str) -> FrameKind:
        if annotation is None:
            self._refuse(f"its {what} has no annotation", place, f"Say what it is: {_KINDS}.")
            return FrameKind.TABLE
        full = self._module.names.full_name(annotation)
        kind = _FRAMES.get(full or "")
        if kind is None:
            self._refuse(f"its {what} is `{ast.unparse(annotation)}`, which is none of {_KINDS}", annotation)
        return kind or FrameKind.TABLE

    def _requirement(self, parameter: str, required: Mapping[str, object]) -> Requirement | None:
        if parameter not in required:
            return None
        setting, given = f"requires[{parameter!r}]", required[parameter]
        if _mapping(given) is not None:
            typed = self._columns(setting, given)
            return Requirement(columns=tuple(RequiredColumn(name=each.name, type=each.type) for each in typed))
        return Requirement(columns=tuple(RequiredColumn(name=name) for name in self._texts(setting, given)))

    def _output(self) -> tuple[Column, ...] | None:
        if self._settings.get("output") is None:
            return None
        if self._settings["output"] == {}:
            self._refuse("`output` names no column", self._node)
        return self._columns("output", self._settings["output"])

    def _columns(self, setting: str, given: object) -> tuple[Column, ...]:
        columns: list[Column] = []
        mapping = _mapping(given)
        if mapping is None:
            self._refuse(f"`{setting}` is no mapping of columns to types", self._node)
            return ()
        for name, kind in mapping.items():
            try:
                columns.append(Column(name=str(name), type=canonical_type(str(kind))))
            except PlanError as fault:
                self._refuse(f"`{setting}`: {fault.message}", self._node, fault.suggestion)
        return tuple(columns)

    def _by_parameter(self, setting: str) -> dict[str, object]:
        mapping = _mapping(self._settings.get(setting, {}))
        if mapping is None:
            self._refuse(f"`{setting}` is no mapping", self._node)
        return {str(key): value for key, value in (mapping or {}).items()}

    def _texts(self, setting: str, given: object) -> list[str]:
        items = cast("Sequence[object]", given) if isinstance(given, list | tuple) else None
        if items is None or not all(isinstance(each, str) for each in items):
            self._refuse(f"`{setting}` is no list of texts", self._node)
            return []
        return [str(each) for each in items]


def _mapping(value: object) -> dict[object, object] | None:
    """Give the value if it is a mapping; a literal may hold anything."""
    return cast("dict[object, object]", value) if isinstance(value, dict) else None
