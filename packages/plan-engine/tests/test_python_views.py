"""A public function is a view: what its text says of inputs, variables, frames and output, without running it."""

from pathlib import Path

import pytest
from project_builder import edges, required, write_project

from plan_contracts import (
    Column,
    CompiledProject,
    FindingKind,
    FrameKind,
    NodeKind,
    PlanError,
    PlanErrors,
    PythonSource,
    Variable,
    load_project_file,
)
from plan_engine import PythonViewRefused, compile_project
from plan_engine.python_views import read_module

HEAD = "import pyarrow as pa\nfrom plan_engine import view\n"
PLAIN = HEAD + "def scores(orders: pa.Table) -> pa.Table:\n    return orders\n"
DECLARED = HEAD + (
    "@view(requires={'orders': {'amount': 'double', 'status': 'text'}}, output={'total': 'double'}, tags=['ml'])\n"
    "def scores(orders: pa.Table) -> pa.Table:\n    return orders\n"
)


def _compile(folder: Path, module: str, views: dict[str, str] | None = None, toml: str = "") -> CompiledProject:
    write_project(folder, views or {}, toml)
    (folder / "views" / "scores.py").write_text(module)
    return compile_project(folder, load_project_file(folder))


def _read(text: str) -> PythonSource:
    sources, errors = read_module(text.encode(), "views/scores.py", {})
    assert errors == []
    return sources[0]


def test_compile_project_public_function_is_a_view_of_its_parameters(tmp_path: Path) -> None:
    module = HEAD + (
        "def scores(orders: pa.Table, Customers: pa.RecordBatchReader) -> pa.Table: ...\n"
        "def _helper(orders): ...\n"
        "class Public: ...\n"
        "def again(scores: pa.Table) -> pa.Table: ...\n"
    )
    project = _compile(tmp_path, module)

    assert edges(project) == {("orders", "scores"), ("customers", "scores"), ("scores", "again")}
    kinds = {node.name: node.kind for node in project.graph.nodes}
    assert kinds["scores"] is kinds["again"] is NodeKind.PYTHON_VIEW
    source = project.sources["scores"]
    assert isinstance(source, PythonSource)
    assert (source.path, source.function, source.line) == ("views/scores.py", "scores", 3)
    assert [(each.parameter, each.name) for each in source.inputs] == [("orders", "orders"), ("Customers", "customers")]


def test_compile_project_undeclared_requirement_is_not_known_and_a_declared_one_is(tmp_path: Path) -> None:
    assert required(_compile(tmp_path / "a", PLAIN), "orders", "scores") is None
    project = _compile(tmp_path / "b", DECLARED)
    assert required(project, "orders", "scores") == {"amount": "float64", "status": "string"}
    node = next(node for node in project.graph.nodes if node.name == "scores")
    assert node.tags == ("ml",)
    assert project.evidence.entries["scores"].columns == (Column(name="total", type="float64"),)


def test_compile_project_query_over_a_declared_output_is_planned(tmp_path: Path) -> None:
    project = _compile(tmp_path, DECLARED, {"after": "select total * 2 as twice from scores where total > 1"})
    assert project.findings == ()
    assert required(project, "scores", "after") == {"total": "float64"}


def test_compile_project_query_over_an_undeclared_output_shows_the_declaration_to_paste(tmp_path: Path) -> None:
    views = {"after": "select s.order_id,\n  s.amount * 2 as twice from scores s", "below": "select twice from after"}
    project = _compile(tmp_path, PLAIN, views)

    assert [finding.kind for finding in project.findings] == [FindingKind.OUTPUT_UNDECLARED]
    finding = project.findings[0]
    assert (finding.view, finding.subject, str(finding.location)) == ("after", "scores", "views/after.sql:2:30")
    assert finding.message == (
        "it reads the Python view `scores`, which does not declare its output; above line 3 of views/scores.py write "
        '`@view(output={"amount": "int64", "order_id": "string"})`, with every column and its type'
    )
    pasted = PLAIN.replace("def scores", '@view(output={"amount": "int64", "order_id": "string"})\ndef scores')
    assert _compile(tmp_path, pasted).findings == ()


def test_compile_project_contract_of_an_undeclared_output_is_a_finding(tmp_path: Path) -> None:
    project = _compile(tmp_path, PLAIN, toml="\n[views.scores.contract]\nmin_rows = 1\n")
    assert [(each.kind, each.view) for each in project.findings] == [(FindingKind.OUTPUT_UNDECLARED, "scores")]


def test_compile_project_unknown_input_is_a_finding_with_the_nearest_name(tmp_path: Path) -> None:
    project = _compile(tmp_path, PLAIN.replace("orders", "ordres"))
    finding = project.findings[0]
    assert (finding.kind, finding.suggestion) == (FindingKind.UNKNOWN_TABLE, "orders")
    assert str(finding.location) == "views/scores.py:3"


def test_compile_project_cycle_through_a_function_is_found(tmp_path: Path) -> None:
    project = _compile(tmp_path, PLAIN.replace("orders", "after"), {"after": "select 1 as one from scores"})
    assert {finding.kind for finding in project.findings} == {FindingKind.CYCLE}


def test_compile_project_runs_nothing_of_the_module(tmp_path: Path) -> None:
    trap = f"open({str(tmp_path / 'trapped')!r}, 'w')\nraise SystemExit(3)\n"
    project = _compile(tmp_path, PLAIN + trap)
    assert "scores" in project.sources
    assert not (tmp_path / "trapped").exists()
    assert not list((tmp_path / "views").glob("**/__pycache__"))


def _definition(project: CompiledProject) -> str | None:
    return next(node.definition for node in project.graph.nodes if node.name == "scores")


def test_compile_project_definition_of_a_function_is_that_of_its_module_and_variables(tmp_path: Path) -> None:
    module = HEAD + "def scores(orders: pa.Table, *, rate: float) -> pa.Table: ...\n"
    toml = "\n[vars]\nrate = 1.5\nother = 1\n"
    first = _compile(tmp_path / "a", module, toml=toml)
    same = _compile(tmp_path / "b", module, toml=toml.replace("other = 1", "other = 2"))
    edited = _compile(tmp_path / "c", module + "# more\n", toml=toml)
    varied = _compile(tmp_path / "d", module, toml=toml.replace("1.5", "2.5"))

    assert _definition(first) == _definition(same) is not None
    assert len({_definition(each) for each in (first, edited, varied)}) == 3
    assert first.sources["scores"].parameters == {"rate": Variable(type="float64", value=1.5)}


ANNOTATIONS = {
    "pa.Table": FrameKind.TABLE,
    "pa.lib.Table": FrameKind.TABLE,
    "'pa.Table'": FrameKind.TABLE,
    "T": FrameKind.TABLE,
    "pa.RecordBatchReader": FrameKind.READER,
    "DataFrame": FrameKind.DATAFRAME,
    "datafusion.DataFrame": FrameKind.DATAFRAME,
    "Lazy": FrameKind.DATAFRAME,
}


@pytest.mark.parametrize("annotation", ANNOTATIONS)
def test_read_module_annotation_is_found_through_the_imports(annotation: str) -> None:
    text = (
        "import datafusion\nimport pyarrow as pa\nfrom datafusion import DataFrame\nfrom pyarrow import Table as T\n"
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from datafusion.dataframe import DataFrame as Lazy\n"
        f"def scores(orders: {annotation}) -> {annotation}: ...\n"
    )
    source = _read(text)
    assert (source.inputs[0].wants, source.returns) == (ANNOTATIONS[annotation],) * 2


def test_read_module_decorator_under_another_name_and_beside_others_is_read() -> None:
    text = (
        "import functools\nimport pyarrow as pa\nimport plan_engine as pe\nfrom plan_engine import view as declare\n"
        "@functools.cache\n@pe.view(output={'a': 'int'})\ndef one() -> pa.Table: ...\n"
        "@declare(inputs={'orders': 'stg-orders'}, volatile=True)\ndef two(orders: pa.Table) -> pa.Table: ...\n"
        "@declare\ndef three() -> pa.Table: ...\n"
        "@view(output=1)\ndef four() -> pa.Table: ...\n"
    )
    sources, errors = read_module(text.encode(), "views/scores.py", {})
    assert errors == []
    one, two, three, four = sources
    assert one.output == (Column(name="a", type="int32"),)
    assert (two.inputs[0].name, two.volatile) == ("stg-orders", True)
    assert three.output is four.output is None


REFUSED = {
    "def scores(orders) -> pa.Table: ...": "its parameter `orders` has no annotation",
    "def scores(orders: pa.Table): ...": "its result has no annotation",
    "def scores(orders: list) -> pa.Table: ...": "its parameter `orders` is `list`, which is none of",
    "def scores(orders: pandas.DataFrame) -> pa.Table: ...": "is `pandas.DataFrame`, which is none of",
    "def scores(*orders: pa.Table) -> pa.Table: ...": "`*orders` names no input",
    "def scores(**orders: pa.Table) -> pa.Table: ...": "`**orders` names no input",
    "def scores(orders: pa.Table = None) -> pa.Table: ...": "a parameter has a default",
    "async def scores(orders: pa.Table) -> pa.Table: ...": "it is `async`",
    "@view(output={'a': kind})\ndef scores() -> pa.Table: ...": "`output` is no literal",
    "@view(output={'a': 'strng'})\ndef scores() -> pa.Table: ...": "`output`: ",
    "@view(output={})\ndef scores() -> pa.Table: ...": "`output` names no column",
    "@view(output=['a'])\ndef scores() -> pa.Table: ...": "`output` is no mapping",
    "@view(ouput={'a': 'int'})\ndef scores() -> pa.Table: ...": "`@view` has no setting `ouput`",
    "@view(requires={'ordrs': ['a']})\ndef scores(orders: pa.Table) -> pa.Table: ...": "`ordrs`, which is no parameter",
    "@view(requires={'orders': 'a'})\ndef scores(orders: pa.Table) -> pa.Table: ...": "is no list of texts",
    "@view(inputs={'orders': '../x'})\ndef scores(orders: pa.Table) -> pa.Table: ...": "the input `../x` holds `.`",
    "@view(tags='a')\ndef scores() -> pa.Table: ...": "`tags` is no list of texts",
    "@view({'a': 'int'})\ndef scores() -> pa.Table: ...": "`@view` takes keywords only",
    "@view(**{})\ndef scores() -> pa.Table: ...": "`@view` has no setting `**`",
    "def _private(): ...": "The file has no public function",
    "def scores(:": "The file is not valid Python",
    "x = '\0'": "The file is not valid Python",
}


@pytest.mark.parametrize("text", REFUSED)
def test_compile_project_function_that_is_no_view_is_refused_with_its_place(text: str, tmp_path: Path) -> None:
    with pytest.raises(PythonViewRefused) as caught:
        _compile(tmp_path, HEAD + text + "\n")
    assert REFUSED[text] in caught.value.message
    assert caught.value.location is not None
    assert caught.value.location.file == "views/scores.py"


def test_compile_project_every_refusal_of_a_module_is_reported(tmp_path: Path) -> None:
    module = HEAD + "def one(a): ...\n\ndef two(orders: pa.Table, *, rat: float) -> pa.Table: ...\n"
    with pytest.raises(PlanErrors) as caught:
        _compile(tmp_path, module, toml="\n[vars]\nrate = 1.5\n")
    found = [(error.code, str(error.location)) for error in caught.value.errors]
    assert found == [
        ("python_view_refused", "views/scores.py:3:9"),
        ("python_view_refused", "views/scores.py:3:1"),
        ("variable_missing", "views/scores.py:5:30"),
    ]
    assert caught.value.errors[2].suggestion == "Did you mean `rate`?"


def test_compile_project_function_named_like_a_query_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="Two views are called `scores`"):
        _compile(tmp_path, PLAIN, {"marts/scores": "select 1 as one"})


def test_compile_project_file_that_begins_with_an_underscore_is_no_view(tmp_path: Path) -> None:
    write_project(tmp_path, {"v": "select 1 as one"})
    (tmp_path / "views" / "_shared.py").write_text("def shared(): ...\n")
    (tmp_path / "views" / "__init__.py").write_text("")
    assert set(compile_project(tmp_path, load_project_file(tmp_path)).sources) == {"v"}
