"""Verification finds every changed bit, and nothing where nothing has changed."""

import random
from pathlib import Path

import pytest
from recording import KEY, committer, draft, finished, open_store, record, run_id, staged

from plan_contracts import TaskHistory, TaskHistoryEntry
from plan_contracts.testing import definition_of
from plan_store import PlanStore

COUNTED = ("events", "artifacts", "runs", "history")


@pytest.fixture
def store(tmp_path: Path) -> PlanStore:
    """Give a store with three runs, their histories and outputs."""
    opened = open_store(tmp_path / "store")
    for number in (1, 2):
        record(opened, number)
    made = committer(tmp_path, 3)
    for view in ("v", "w"):
        made.publish(staged(made, 9, view), KEY)
    made.sync()
    manifest = draft(3, outputs=made.current())
    entry = TaskHistoryEntry(task="v", definition=definition_of("v"), seconds=1.5)
    with opened.begin_run(manifest) as writer:
        writer.emit(finished("v"))
        writer.put_history(TaskHistory(run_id=run_id(3), ended_at_unix_ms=1, machine="m", entries=(entry,)))
        writer.put_manifest(manifest)
    return opened


def _files(root: Path) -> list[Path]:
    return sorted(path for name in COUNTED for path in (root / name).rglob("*") if path.is_file())


def test_verify_whole_store_finds_nothing(store: PlanStore, tmp_path: Path) -> None:
    assert store.verify() == ()
    assert store.verify_outputs("shop", "", tmp_path / "out") == ()
    assert open_store(tmp_path / "nowhere", read_only=True).verify() == ()


@pytest.mark.timeout(120)
def test_verify_finds_every_flipped_bit(store: PlanStore, tmp_path: Path) -> None:
    chance = random.Random(7)
    for path in _files(tmp_path / "store"):
        whole = path.read_bytes()
        path.chmod(0o644)
        for _ in range(25):
            place, bit = chance.randrange(len(whole)), 1 << chance.randrange(8)
            path.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
            assert [damage for damage in store.verify() if str(path) in damage.message], (path, place, bit)
        path.write_bytes(whole)
    assert store.verify() == ()


@pytest.mark.parametrize("kept", [0, 1, 100])
def test_verify_finds_truncated_files(kept: int, store: PlanStore, tmp_path: Path) -> None:
    for path in _files(tmp_path / "store"):
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:kept])

    found = {damage.subject for damage in store.verify()}

    assert found >= {str(path) for path in _files(tmp_path / "store")}


def test_verify_finds_missing_artifacts_and_foreign_segments(store: PlanStore, tmp_path: Path) -> None:
    identity = store.manifest(run_id(1)).artifact_ids.run_manifest
    assert identity is not None
    (tmp_path / "store" / "artifacts" / identity).unlink()
    foreign = next((tmp_path / "store" / "events").iterdir()) / "foreign.parquet"
    foreign.write_bytes(b"PAR1")

    messages = [damage.message for damage in store.verify()]

    assert any(identity in message and "is gone" in message for message in messages)
    assert any("foreign.parquet" in message for message in messages)


@pytest.mark.parametrize("damage", ["flip", "gone"])
def test_verify_outputs_names_what_is_not_as_published(damage: str, store: PlanStore, tmp_path: Path) -> None:
    path = tmp_path / "out" / "v.parquet"
    data = path.read_bytes()
    path.unlink() if damage == "gone" else path.write_bytes(data[:50] + bytes([data[50] ^ 4]) + data[51:])

    (found,) = store.verify_outputs("shop", "", tmp_path / "out")

    assert found.subject == str(path)
    assert found.exit_code == 4
