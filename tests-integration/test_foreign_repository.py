"""A repository that is not ours builds on plan-contracts from its wheel, without anything else of ours."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from uv import find_uv_bin

ROOT = Path(__file__).parent.parent
FOREIGN = Path(__file__).parent / "foreign_repository"
TIME_LIMIT_SECONDS = 400
_OURS = ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "NOX_CURRENT_SESSION", "PYTEST_CURRENT_TEST", "PYTHONPATH")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of the foreign repository that takes plan-contracts from a wheel."""
    folder = tmp_path_factory.mktemp("foreign")
    build = [find_uv_bin(), "build", "-q", "--wheel", "--package=plan-contracts", f"--out-dir={folder / 'dist'}"]
    subprocess.run(build, cwd=ROOT, check=True, timeout=TIME_LIMIT_SECONDS)
    (wheel,) = (folder / "dist").glob("plan_contracts-*.whl")
    copied = folder / "billing"
    shutil.copytree(FOREIGN, copied, ignore=shutil.ignore_patterns("__pycache__", ".nox", ".venv", "*.egg-info"))
    noxfile = (copied / "noxfile.py").read_text()
    assert noxfile.count("@ WHEEL") == 2
    (copied / "noxfile.py").write_text(noxfile.replace("WHEEL", wheel.as_uri()))
    return copied


def nox(repository: Path, *arguments: str) -> tuple[int, str]:
    """Run the foreign noxfile as its README says; give the exit code and everything that it printed."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]
    inherited = {name: value for name, value in os.environ.items() if name not in _OURS}
    done = subprocess.run(
        [sys.executable, "-m", "nox", "--script-mode=fresh", "--default-venv-backend=uv", *arguments],
        cwd=repository,
        env=inherited | {"UV_EXCLUDE_NEWER": settings["exclude-newer"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIME_LIMIT_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout


def test_wheel_holds_the_published_files_byte_for_byte(repository: Path) -> None:
    (wheel,) = (repository.parent / "dist").glob("*.whl")
    prefix = "plan_contracts/published/"
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith(prefix) and not name.endswith("/")]
        shipped = {name.removeprefix(prefix): archive.read(name) for name in names}
    files = [path for path in (ROOT / "contracts").rglob("*") if path.is_file()]
    assert shipped == {path.relative_to(ROOT / "contracts").as_posix(): path.read_bytes() for path in files}


@pytest.mark.timeout(TIME_LIMIT_SECONDS)
def test_foreign_repository_passes_its_own_sessions_and_ours(repository: Path) -> None:
    code, shown = nox(repository)
    assert code == 0, shown
    assert "Session contract-goldens was successful" in shown
    assert "Session tests was successful" in shown
    assert "goldens in" in shown


@pytest.mark.timeout(TIME_LIMIT_SECONDS)
def test_foreign_golden_that_does_not_hold_fails_the_session_and_is_named(repository: Path) -> None:
    golden = repository / "contracts" / "invoice" / "1.0" / "two_tasks.json"
    kept = golden.read_bytes()
    golden.write_bytes(kept.replace(b'"total": ', b'"total": 9'))
    code, shown = nox(repository, "-R", "-s", "contract-goldens")
    golden.write_bytes(kept)
    assert code != 0
    assert "two_tasks.msgpack: it is not what two_tasks.json encodes to" in shown
