"""Holds what an error says against the published example of its code."""

import os
from collections.abc import Mapping
from pathlib import Path

from plan_contracts.codec import decode_json, encode_json_pretty
from plan_contracts.errors import PlanError
from plan_contracts.errors_payload import ErrorPayload

PUBLISHED = Path(__file__).parents[1] / "published" / "errors"
"""Examples that ship in the wheel, `<code>.json` each."""

UPDATE_VARIABLE = "UPDATE_GOLDENS"
"""Environment variable that makes `assert_error_example` write what it finds."""


class ExampleMismatch(AssertionError):
    """An error says something else than its published example."""


def assert_error_example(
    error: PlanError | ErrorPayload, *, shown_as: Mapping[str, str] | None = None, folder: Path = PUBLISHED
) -> None:
    """Compare the whole payload of an error with the example of its code.

    With `UPDATE_GOLDENS=1` in the environment the example is written instead.

    Parameters
    ----------
    error
        As it was raised, or as a result carried it.
    shown_as
        What stands in the example for texts that differ from machine to machine, such as a temporary folder.
    folder
        Where the examples are; the published ones when omitted.

    Raises
    ------
    ExampleMismatch
        When they differ, or there is no example.
    """
    payload = error.payload() if isinstance(error, PlanError) else error
    text = encode_json_pretty(payload).decode()
    for found, shown in (shown_as or {}).items():
        text = text.replace(found, shown)
    path = folder / f"{payload.code}.json"
    if os.environ.get(UPDATE_VARIABLE) == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    expected = path.read_text(encoding="utf-8") if path.exists() else "nothing\n"
    if text != expected:
        mend = f"Run this test with {UPDATE_VARIABLE}=1 if the new text is better."
        raise ExampleMismatch(f"{path} holds\n{expected}and the error is\n{text}{mend}")


def published_examples(folder: Path = PUBLISHED) -> dict[str, ErrorPayload]:
    """Give the example of each code that has one, sorted by code.

    Raises
    ------
    DocumentRefused
        When a file is no error document.
    """
    paths = sorted(folder.glob("*.json"))
    return {path.stem: decode_json(path.read_bytes(), ErrorPayload) for path in paths if path.stem != "errors"}
