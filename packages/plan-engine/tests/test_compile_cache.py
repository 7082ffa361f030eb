"""The compile cache: nothing changed means nothing is planned, and any change or damage means planning anew."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from project_builder import write_project

from plan_contracts import CompiledProject, load_project_file
from plan_engine import CompileCache, SqlSyntax, compile_cache, compile_project
from plan_engine.compile_cache import KEPT

VIEWS = {
    "paid": "select order_id, amount from orders where status = 'paid'\n",
    "total": "select sum(amount) as total from paid\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a project whose files are old enough for their times to be trusted."""
    return _aged(write_project(tmp_path / "project", VIEWS))


def _aged(folder: Path, seconds: float = 1e9) -> Path:
    for path in (folder / "data").iterdir():
        os.utime(path, (seconds, seconds))
    return folder


def _compile(folder: Path, cache: Path, *, read_only: bool = False) -> CompiledProject:
    return compile_project(folder, load_project_file(folder), cache=CompileCache(cache, read_only=read_only))


def _entries(cache: Path) -> list[Path]:
    return sorted(cache.iterdir()) if cache.exists() else []


def test_compile_again_gives_the_kept_result(project: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = _compile(project, cache)
    (entry,) = _entries(cache)
    before = entry.stat().st_mtime_ns

    again = _compile(project, cache)

    assert again == first == compile_project(project, load_project_file(project))
    assert [path.stat().st_mtime_ns for path in _entries(cache)] == [before]


def test_compile_again_does_not_import_datafusion(project: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    _compile(project, cache)
    program = """
import sys
from pathlib import Path
from plan_contracts import load_project_file
from plan_engine import CompileCache, compile_project

folder = Path(sys.argv[1])
compiled = compile_project(folder, load_project_file(folder), cache=CompileCache(Path(sys.argv[2])))
print(len(compiled.sources), "datafusion" in sys.modules, "pyarrow" in sys.modules)
"""
    command = [sys.executable, "-c", program, str(project), str(cache)]
    shown = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout

    assert shown.split() == ["2", "False", "False"]


def _write(name: str, text: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / name).write_text(text)

    return write


def _touch(folder: Path) -> None:
    _aged(folder, 1.1e9)


def _another_file(folder: Path) -> None:
    (folder / "plan.toml").write_text(
        (folder / "plan.toml").read_text().replace("data/orders.parquet", "data/o*.parquet")
    )
    (folder / "data" / "orders2.parquet").write_bytes((folder / "data" / "orders.parquet").read_bytes())
    _aged(folder)


CHANGES: dict[str, Callable[[Path], None]] = {
    "view": _write("views/paid.sql", "select order_id, amount from orders where status = 'open'\n"),
    "view added": _write("views/more.sql", "select 1 as one\n"),
    "settings": lambda folder: _append(folder / "plan.toml", "\n[views.paid]\ntags = ['x']\n"),
    "touched": _touch,
    "another file": _another_file,
}


def _append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


@pytest.mark.parametrize("change", CHANGES)
def test_compile_after_a_change_equals_compiling_without_a_cache(change: str, project: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    _compile(project, cache)
    CHANGES[change](project)

    compiled = _compile(project, cache)

    assert compiled == compile_project(project, load_project_file(project))
    assert len(_entries(cache)) == 2


def test_compile_changed_file_of_equal_size_is_noticed(project: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    before = _compile(project, cache).snapshots["orders"]
    path = project / "data" / "orders.parquet"
    path.write_bytes(path.read_bytes().replace(b"parquet-cpp-arrow", b"parquet-cpp-other"))
    _aged(project)

    after = _compile(project, cache).snapshots["orders"]

    assert after.bytes == before.bytes
    assert after.content_id != before.content_id


@pytest.mark.parametrize("damage", [b"", b"short", b"\0" * 500])
def test_compile_damaged_entry_is_replaced(damage: bytes, project: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = _compile(project, cache)
    (entry,) = _entries(cache)
    whole = entry.read_bytes()
    entry.write_bytes(damage)

    assert _compile(project, cache) == first
    assert _entries(cache)[0].read_bytes() == whole


def test_compile_entry_with_any_flipped_byte_is_not_used(project: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    _compile(project, cache)
    (entry,) = _entries(cache)
    whole = entry.read_bytes()
    for index in range(0, len(whole), 97):
        entry.write_bytes(whole[:index] + bytes([whole[index] ^ 1]) + whole[index + 1 :])
        assert CompileCache(cache).get(entry.name) is None


def _rewrite(path: Path, old: bytes, new: bytes) -> None:
    """Write other bytes of the same length in place, and give the file the times that it had."""
    times = path.stat()
    with path.open("r+b") as file:
        data = file.read().replace(old, new)
        file.seek(0)
        file.write(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_compile_right_after_a_file_was_written_is_kept(project: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    os.utime(project / "data" / "orders.parquet")
    first = _compile(project, cache)
    (entry,) = _entries(cache)

    assert CompileCache(cache).get(entry.name) == first
    assert _compile(project, cache) == first
    assert len(_entries(cache)) == 1


def test_compile_young_file_is_known_by_its_content_and_not_by_its_times(project: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    orders = project / "data" / "orders.parquet"
    os.utime(orders)
    _compile(project, cache)
    (entry,) = _entries(cache)

    _rewrite(orders, b"parquet-cpp-arrow", b"parquet-cpp-other")
    assert CompileCache(cache).get(entry.name) is None
    orders.unlink()
    assert CompileCache(cache).get(entry.name) is None


def test_compile_entry_of_files_that_have_aged_asks_for_their_content_no_more(project: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    orders = project / "data" / "orders.parquet"
    os.utime(orders)
    first = _compile(project, cache)
    (entry,) = _entries(cache)
    _aged(project)  # as if the time had passed

    assert CompileCache(cache, read_only=True).get(entry.name) == first
    assert CompileCache(cache).get(entry.name) == first
    orders.unlink()
    assert CompileCache(cache).get(entry.name) == first


def test_compile_young_files_that_are_too_large_are_not_kept(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compile_cache, "MAX_HASHED_BYTES", 10)
    os.utime(project / "data" / "orders.parquet")
    _compile(project, tmp_path / "cache")
    assert _entries(tmp_path / "cache") == []


def test_compile_read_only_uses_and_keeps_nothing(project: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    _compile(project, cache, read_only=True)
    assert _entries(cache) == []
    first = _compile(project, cache)

    assert _compile(project, cache, read_only=True) == first


def test_compile_faults_are_reported_every_time(project: Path, tmp_path: Path) -> None:
    (project / "views" / "paid.sql").write_text("selec 1\n")

    for _ in range(2):
        with pytest.raises(SqlSyntax):
            _compile(project, tmp_path / "cache")
    assert _entries(tmp_path / "cache") == []


def test_compile_keeps_the_newest_entries_only(project: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    for number in range(KEPT + 3):
        (project / "views" / "paid.sql").write_text(f"select {number} as n, amount from orders\n")
        _compile(project, cache)

    assert len(_entries(cache)) == KEPT


def test_compile_folder_that_cannot_be_written_is_no_fault(project: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file in the way")

    assert _compile(project, tmp_path / "cache").sources.keys() == VIEWS.keys()


@pytest.mark.timeout(60)
def test_compile_by_many_processes_at_once_is_right_for_each(project: Path, tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from plan_contracts import load_project_file, payload_hash, encode_msgpack
from plan_engine import CompileCache, compile_project

folder = Path(sys.argv[1])
for _ in range(5):
    compiled = compile_project(folder, load_project_file(folder), cache=CompileCache(Path(sys.argv[2])))
    print(payload_hash(encode_msgpack(compiled)))
"""
    command = [sys.executable, "-c", program, str(project), str(tmp_path / "cache")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    answers = [each.communicate(timeout=50)[0].split() for each in running]

    assert len({digest for answer in answers for digest in answer}) == 1
    assert len(_entries(tmp_path / "cache")) == 1
