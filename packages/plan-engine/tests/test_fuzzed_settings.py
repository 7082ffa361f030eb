"""Sections of datasets that were thrown together: understood, or refused with a typed error, and nothing else."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from deltalake import write_deltalake
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from test_sources import FORMATS, PEOPLE, project

from plan_contracts import DatasetSection, PlanError, StorageOptions
from plan_contracts.testing.strategies import contracts
from plan_engine.dataset_files import find_datasets
from plan_engine.datasets import resolve_datasets

pytestmark = pytest.mark.timeout(120)

KEYS = ("path", "format", "csv", "json", "delta", "hive", "partitions", "absent_columns", "scan", "contract", "pth")
INNER_KEYS = ("types", "delimiter", "null", "version", "endpoint", "secret_access_key", "retries", "n", "columns")
TEXTS = ("d", "*", "**", "d/[", "s3://", "http://x", "~", "", "\0", "csv", "delta", "null", "always", "${HOME}")
PATHS = (
    "d",
    "d/*",
    "**",
    "d/**/*.csv",
    "d/1.csv",
    "d/1.*",
    "table",
    "gone",
    "d/[",
    "",
    ".",
    "\0",
    "s3://",
    "s3://b/*",
)
NOBODY = StorageOptions(endpoint="http://127.0.0.1:9", retries=0, timeout_seconds=1)

_SCALARS = st.one_of(st.sampled_from(TEXTS), st.integers(min_value=-1, max_value=2**63 - 1), st.booleans())
_VALUES: st.SearchStrategy[object] = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(INNER_KEYS), inner, max_size=2),
    max_leaves=4,
)
_MANY = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with files of every format."""
    (tmp_path / "d").mkdir()
    for kind, write in FORMATS.items():
        write(tmp_path / "d" / f"1.{kind}")
    write_deltalake(str(tmp_path / "table"), PEOPLE)
    return tmp_path


def _toml(value: object) -> str:
    """Write a value as TOML, of which JSON is nearly a part."""
    if isinstance(value, Mapping):
        pairs: Mapping[object, object] = value  # pyright: ignore[reportUnknownVariableType]  # of any kinds
        return f"{{ {', '.join(f'{key} = {_toml(each)}' for key, each in pairs.items())} }}"
    return json.dumps(value) if not isinstance(value, list) else "[]"


@given(section=st.dictionaries(st.sampled_from(KEYS), _VALUES, max_size=4))
@_MANY
def test_keys_and_values_thrown_together_are_read_or_refused(section: dict[str, object], folder: Path) -> None:
    text = "\n".join(f"{key} = {_toml(value)}" for key, value in {"path": "d/1.csv", **section}.items())
    with suppress(PlanError):
        project(folder, text)


@given(section=contracts(DatasetSection), path=st.sampled_from(PATHS))
@_MANY
def test_valid_sections_thrown_at_any_files_are_resolved_or_refused(
    section: DatasetSection, path: str, folder: Path
) -> None:
    sections = {"d": replace(section, path=path, storage_options=NOBODY)}
    found, missing = find_datasets(folder, sections)
    resolved, unreadable = resolve_datasets(folder, sections, found)
    assert len(resolved) + len(missing) + len(unreadable) == 1
