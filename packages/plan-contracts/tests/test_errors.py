"""Errors: their texts, their payloads, and that the catalogue lists them all."""

import pytest

import plan_contracts
from plan_contracts import NameRefused, PlanError, PlanErrors, SourceLocation, decode_json, encode_json, raise_all
from plan_contracts.error_catalogue import ERROR_CODES
from plan_contracts.testing.error_codes import raised_error_codes

PLACE = SourceLocation(file="plan.toml", line=4, column=2)
ERROR = NameRefused("The name is wrong", subject="a.b", location=PLACE, suggestion="Rename it.")


def test_error_shows_place_message_and_mend() -> None:
    assert str(ERROR) == "plan.toml:4:2: The name is wrong\n  Rename it."
    assert str(PlanError("It stops")) == "It stops"


def test_errors_show_each_one() -> None:
    errors = PlanErrors([ERROR, PlanError("It stops")])
    assert str(errors) == f"{ERROR}\nIt stops"
    assert errors.message == "2 problems found"


def test_payload_of_an_error_is_a_document_with_all_that_it_says() -> None:
    payload = ERROR.payload()
    assert (payload.code, payload.stage, payload.subject, payload.location) == (
        "name_refused",
        "contracts",
        "a.b",
        PLACE,
    )
    assert decode_json(encode_json(payload), type(payload)) == payload


def test_errors_of_one_kind_are_builtins_too() -> None:
    assert isinstance(ERROR, ValueError)


def test_raise_all_raises_nothing_one_or_all() -> None:
    raise_all([])
    with pytest.raises(NameRefused) as one:
        raise_all([ERROR])
    assert one.value is ERROR
    with pytest.raises(PlanErrors) as all_of_them:
        raise_all([ERROR, ERROR])
    assert all_of_them.value.errors == (ERROR, ERROR)


def test_catalogue_is_sorted_and_codes_are_unique() -> None:
    keys = [(error.package, error.code) for error in ERROR_CODES]
    assert keys == sorted(keys)
    codes = [error.code for error in ERROR_CODES]
    assert len(codes) == len(set(codes))


def test_catalogue_lists_every_error_of_this_package_and_no_other() -> None:
    published = tuple(error for error in ERROR_CODES if error.package == "plan_contracts")
    assert published == raised_error_codes(plan_contracts)


def test_error_without_an_instance_and_error_of_the_test_kit_are_no_part_of_the_catalogue() -> None:
    codes = {error.code for error in raised_error_codes(plan_contracts)}
    assert "name_refused" in codes
    assert codes.isdisjoint({"plan_error", "staged_mismatch"})
