"""The gates. `nox` runs the default set, `nox -l` lists every session, `nox -s "tests(plan-store)"` runs one.

Sessions of one package run in an environment that holds that package's declared dependencies and nothing else, so an
undeclared import fails by itself.
"""

import shutil
import tomllib
from pathlib import Path

import nox

ROOT = Path(__file__).parent
PACKAGES = sorted(path.parent.name for path in ROOT.glob("packages/*/pyproject.toml"))
EXCLUDE_NEWER: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["exclude-newer"]

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv"
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = True
nox.options.sessions = [
    "lint",
    "pyright",
    "pyrefly",
    "boundaries",
    "contracts",
    "tests",
    "isolated",
    "integration",
    "docs",
]

per_package = nox.parametrize("package", PACKAGES, ids=PACKAGES)


def sync(session: nox.Session, *arguments: str) -> None:
    """Bring the session's environment to exactly what the arguments select from the workspace's lock."""
    session.run_install(
        "uv",
        "sync",
        "--quiet",
        "--no-default-groups",
        *arguments,
        f"--python={session.virtualenv.location}",
        env={"UV_PROJECT_ENVIRONMENT": session.virtualenv.location, "UV_COMPILE_BYTECODE": "1"},
    )


def sync_package(session: nox.Session, package: str, *groups: str) -> None:
    """Install one package with its declared dependencies and the named groups of its own."""
    sync(session, f"--package={package}", *(f"--group={group}" for group in groups))


@nox.session
def lint(session: nox.Session) -> None:
    """Format and lint the whole tree with ruff; `nox -s lint -- --fix` mends what can be mended."""
    sync(session, "--only-group=lint")
    fix = "--fix" in session.posargs
    session.run("ruff", "format", *([] if fix else ["--check"]), ".")
    session.run("ruff", "check", *(["--fix"] if fix else []), ".")


@nox.session
@per_package
def pyright(session: nox.Session, package: str) -> None:
    """Check one package's types with pyright, strictly; its node comes from the package index."""
    sync_package(session, package, "test", "lint")
    session.run("pyright", "--pythonpath", str(Path(session.bin) / "python"), f"packages/{package}")


@nox.session
@per_package
def pyrefly(session: nox.Session, package: str) -> None:
    """Check one package's types with pyrefly."""
    sync_package(session, package, "test", "lint")
    python = str(Path(session.bin) / "python")
    session.run("pyrefly", "check", f"--python-interpreter-path={python}", f"packages/{package}/src")


@nox.session
@per_package
def tests(session: nox.Session, package: str) -> None:
    """Test one package, and run the examples of its docstrings; arguments go to pytest."""
    sync_package(session, package, "test")
    run_pytest(session, package)


def run_pytest(session: nox.Session, package: str) -> None:
    """Run the tests and docstring examples of one package."""
    session.run("pytest", "--doctest-modules", f"packages/{package}/src", f"packages/{package}/tests", *session.posargs)


@nox.session(python="3.13")
@per_package
def tests_313(session: nox.Session, package: str) -> None:
    """Test one package on the newest supported Python."""
    sync_package(session, package, "test")
    run_pytest(session, package)


@nox.session
@per_package
def minimums(session: nox.Session, package: str) -> None:
    """Test one package with the lowest versions of what it declares."""
    # Beside the environment: Ray refuses to keep its sessions inside of one, and a session's own folder is there.
    location = Path(session.virtualenv.location).resolve().with_name(f"lowest-{package}")
    shutil.rmtree(location, ignore_errors=True)
    session.run_install("python", "tests-integration/tree_snapshot.py", str(location))
    session.run_install(
        "uv",
        "sync",
        "--quiet",
        "--no-default-groups",
        "--resolution=lowest-direct",
        f"--package={package}",
        "--group=test",
        f"--project={location}",
        f"--python={session.virtualenv.location}",
        env={"UV_PROJECT_ENVIRONMENT": session.virtualenv.location},
    )
    session.chdir(location)
    run_pytest(session, package)


@nox.session
def boundaries(session: nox.Session) -> None:
    """Check who may import whom: siblings, and the one home of each heavy library."""
    sync(session, "--all-packages", "--group=boundaries")
    session.run("lint-imports", "--no-cache")


@nox.session
def contracts(session: nox.Session) -> None:
    """Compare the published contracts with the code, byte for byte; a difference prints the command that mends it."""
    sync_package(session, "plan-contracts")
    session.run("python", "-m", "plan_contracts.schema_export", "--check", "contracts", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Throw broken bytes at every decoder for ten minutes; `-- --seconds 3600 --seed 1` goes on longer, with others."""
    sync_package(session, "plan-contracts")
    session.run("python", "-m", "plan_contracts.testing.fuzz", *session.posargs)


@nox.session
@per_package
def isolated(session: nox.Session, package: str) -> None:
    """Install one package into a foreign project, from git with uv and from wheels, and run its README's example."""
    sync(session, "--only-group=isolated")
    work = Path(session.create_tmp()).resolve() / "isolated"
    session.run("python", "tests-integration/isolated.py", package, str(work), env={"UV_EXCLUDE_NEWER": EXCLUDE_NEWER})


@nox.session
def conformance(session: nox.Session) -> None:
    """Install plan-exec from wheels into a foreign project, and hold its four executors to the conformance suite."""
    sync(session, "--only-group=isolated")
    work = Path(session.create_tmp()).resolve() / "conformance"
    session.run(
        "python", "tests-integration/conformance_from_wheels.py", str(work), env={"UV_EXCLUDE_NEWER": EXCLUDE_NEWER}
    )


@nox.session
def integration(session: nox.Session) -> None:
    """Run the whole product on real data, with DuckDB as the judge of its rows; arguments go to pytest."""
    sync(session, "--all-packages", "--group=integration", "--group=boundaries")
    session.run("pytest", "tests-integration", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation with its generated reference; a warning is an error."""
    sync(session, "--all-packages", "--group=docs")
    target = Path(session.create_tmp()) / "html"
    session.run("sphinx-build", "--fail-on-warning", "--keep-going", "-q", "-E", "docs", str(target))
    session.log(f"file://{target.resolve()}/index.html")


@nox.session
def bench(session: nox.Session) -> None:
    """Run the benchmarks beside what they are to beat, and print ratios; name some to run only these."""
    sync(session, "--all-packages", "--group=bench")
    folder = ROOT / "tests-integration" / "benchmarks"
    named = session.posargs or sorted(path.stem for path in folder.glob("bench_*.py"))
    for name in named:
        session.run("python", str(folder / f"{name}.py"), env={"PYTHONDONTWRITEBYTECODE": ""})


@nox.session
def soak(session: nox.Session) -> None:
    """Kill builds and compactions at random moments and at each file operation; name some to run only these.

    The enumeration of file operations needs strace; without it that part says so and is left out.
    """
    sync(session, "--all-packages", "--group=integration")
    folder = ROOT / "tests-integration" / "soak"
    named = session.posargs or sorted(path.stem for path in folder.glob("soak_*.py"))
    for name in named:
        session.run("python", str(folder / f"{name}.py"))


@nox.session
def history(session: nox.Session) -> None:
    """Build the example 20 times, one of them with a failing check, and look at every saved query's answer."""
    sync(session, "--all-packages", "--group=integration")
    session.run(
        "pytest", "tests-integration/test_store_commands.py", "-k", "many_builds", env={"PLAN_STORE_BUILDS": "20"}
    )


@nox.session
def chaos(session: nox.Session) -> None:
    """Kill a random worker every second through 200 builds on processes, Dask and Ray; all must have the right rows.

    `-- --processes 10 --dask 10 --ray 10` builds less often, and `--heads 5` loses the heads of clusters, too.
    """
    sync(session, "--all-packages", "--group=integration")
    session.run("python", "tests-integration/chaos/chaos.py", *session.posargs)
