"""Every error of this package says what its published example says."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plan_contracts import (
    CostSource,
    CostTable,
    NameRefused,
    PlanError,
    PlanErrors,
    TaskCost,
    apply_profile,
    assign,
    canonical_type,
    check_name,
    decode_json,
    encode_json,
    load_project_file,
)
from plan_contracts.error_catalogue import ERROR_CODES
from plan_contracts.golden_cases import ValidCase
from plan_contracts.published_files import Catalogue
from plan_contracts.registry import registered_contract
from plan_contracts.schema_export import release, write, write_copies
from plan_contracts.testing import ExampleMismatch, assert_error_example, published_examples

SHOP = '[project]\nname = "shop"\nviews = "views"\n'


def _project(text: str) -> Callable[[Path], object]:
    def load(folder: Path) -> None:
        Path("plan.toml").write_text(text)
        load_project_file(Path())

    return load


def _unknown_profile(folder: Path) -> None:
    Path("plan.toml").write_text(SHOP + '[profiles.prod]\noutputs = "out"\n')
    apply_profile(load_project_file(Path()), "prd")


def _released_twice(folder: Path) -> None:
    write(Path("contracts"))
    release(Path("contracts"), "cost_table")
    release(Path("contracts"), "cost_table")


class _Drifting(tuple[ValidCase, ...]):
    """Examples that differ each time they are looked at."""

    __slots__ = ()
    passes = itertools.count(1)

    def __iter__(self) -> Iterator[ValidCase]:
        table = CostTable(costs={"daily": TaskCost(seconds=next(self.passes), source=CostSource.DECLARED)})
        yield ValidCase("cost_table", "by_the_clock", table)


def _unstable_export(folder: Path) -> None:
    contracts = (registered_contract("cost_table"),)
    write_copies(Path("contracts"), Catalogue(contracts=contracts, valid=_Drifting()))


SCENARIOS: dict[str, Callable[[Path], object]] = {
    "contract_frozen": _released_twice,
    "contract_unknown": lambda folder: registered_contract("plan_shedule"),
    "document_refused": lambda folder: decode_json(b'{"costs": {"daily": {"seconds": -1}}}', CostTable),
    "export_unstable": _unstable_export,
    "name_refused": lambda folder: check_name("../escape", "view"),
    "not_canonical": lambda folder: encode_json(
        CostTable(costs={"daily": TaskCost(seconds=float("nan"), source=CostSource.DECLARED)})
    ),
    "plan_errors": _project(SHOP + "cols = 1\n[datasets.orders]\npth = 'x'\n"),
    "profile_unknown": _unknown_profile,
    "project_file_invalid": _project('[project]\nname = "shop"\nviws = "views"\n'),
    "project_file_malformed": _project('[project\nname = "shop"\n'),
    "project_file_missing": lambda folder: load_project_file(Path()),
    "type_not_canonical": lambda folder: canonical_type("strng"),
    "variable_refused": lambda folder: assign({"since": 2024}, {"since": "last year"}),
    "variable_unknown": lambda folder: assign({"country": "DE"}, {"contry": "FR"}),
}


@pytest.mark.parametrize("code", SCENARIOS)
def test_error_says_what_is_published(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PlanError) as caught:
        SCENARIOS[code](tmp_path)
    assert caught.value.code == code
    assert_error_example(caught.value, shown_as={str(tmp_path): "/shop"})


def test_every_code_of_this_package_has_a_scenario() -> None:
    assert sorted(SCENARIOS) == [error.code for error in ERROR_CODES if error.package == "plan_contracts"]


def test_every_published_code_has_an_example_that_fits_its_entry() -> None:
    examples = published_examples()
    assert sorted(examples) == sorted(error.code for error in ERROR_CODES)
    for error in ERROR_CODES:
        example = examples[error.code]
        assert (example.code, example.stage) == (error.code, error.stage)
        assert example.subject_kind in (error.subject, None)
        assert error.related is not None or example.related == ()


def test_suggestion_of_every_error_is_a_sentence() -> None:
    for code, example in published_examples().items():
        if example.suggestion is not None:
            assert not example.suggestion[0].islower(), code
            assert example.suggestion[-1] in ".?", code


def test_error_that_says_something_else_is_a_mismatch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UPDATE_GOLDENS", raising=False)
    with pytest.raises(ExampleMismatch, match="holds\nnothing"):
        assert_error_example(NameRefused("no"), folder=tmp_path)


def test_example_is_written_on_request_and_holds_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = PlanErrors([NameRefused(f"{tmp_path}/x is wrong", subject="x")])
    monkeypatch.setenv("UPDATE_GOLDENS", "1")
    assert_error_example(error, shown_as={str(tmp_path): "/shop"}, folder=tmp_path)
    monkeypatch.delenv("UPDATE_GOLDENS")
    assert_error_example(error, shown_as={str(tmp_path): "/shop"}, folder=tmp_path)
    with pytest.raises(ExampleMismatch, match="1 problem"):
        assert_error_example(PlanErrors([NameRefused("a"), NameRefused("b")]), folder=tmp_path)
