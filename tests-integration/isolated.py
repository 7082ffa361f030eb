"""Install one package into a foreign project in both supported ways, and run the first example of its README there.

The output must be the ```text block that follows the example, where one does. A later example that stands behind a
comment such as `<!-- runs with duckdb -->` is run after it, in the same folder, once that program is installed too.

Usage: python tests-integration/isolated.py PACKAGE WORK_FOLDER
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from uv import find_uv_bin

from tree_snapshot import snapshot

ROOT = Path(__file__).resolve().parent.parent
TIME_LIMIT_SECONDS = 600
EXAMPLE = re.compile(r"^```(python|bash)\n(.*?)^```\n(?:\n```text\n(.*?)^```)?", re.DOTALL | re.MULTILINE)
WITH = re.compile(r"^<!-- runs with ([a-z0-9-]+) -->\n", re.MULTILINE)


def run(*command: str | Path, cwd: Path, path: Path | None = None, says: str | None = None) -> None:
    """Run a command to its end; the folder `path` comes first on PATH, and it must print what it `says`, if given."""
    env = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT")}
    if path is not None:
        env["PATH"] = f"{path}{os.pathsep}{env['PATH']}"
    output = subprocess.PIPE if says is not None else None
    arguments = [str(part) for part in command]
    done = subprocess.run(arguments, cwd=cwd, env=env, check=True, timeout=TIME_LIMIT_SECONDS, stdout=output, text=True)
    if says is not None and done.stdout != says:
        raise SystemExit(f"the example is to print\n{says}\nand prints\n{done.stdout}")


def siblings(package: str) -> set[str]:
    """Name our packages that come with this one, itself included."""
    found = {package}
    declared = tomllib.loads((ROOT / "packages" / package / "pyproject.toml").read_text())["project"]["dependencies"]
    for requirement in declared:
        name = re.split(r"[\[=<>~! ]", requirement, maxsplit=1)[0]
        if (ROOT / "packages" / name).is_dir():
            found |= siblings(name)
    return found


def check_environment(package: str, python: Path, cwd: Path) -> None:
    """Check that exactly the declared packages of ours are installed, each with its type marker."""
    expected = sorted(name.replace("-", "_") for name in siblings(package))
    program = (
        "import pkgutil, pathlib, importlib.util as u\n"
        "found = sorted(m.name for m in pkgutil.iter_modules() if m.name.startswith('plan_'))\n"
        f"assert found == {expected!r}, found\n"
        "for name in found:\n"
        "    origin = pathlib.Path(u.find_spec(name).origin)\n"
        "    assert (origin.parent / 'py.typed').exists(), name\n"
        "    assert 'site-packages' in origin.parts, origin\n"
    )
    run(python, "-I", "-c", program, cwd=cwd)


def run_examples(package: str, environment: Path, cwd: Path, uv: str) -> None:
    """Run the examples of the package's README in a fresh folder, with the environment's programs."""
    readme = (ROOT / "packages" / package / "README.md").read_text()
    first = EXAMPLE.search(readme)
    if first is None:
        raise SystemExit(f"packages/{package}/README.md has no ```python or ```bash example")
    run_example(first, environment, cwd)
    for needed in WITH.finditer(readme):
        example = EXAMPLE.match(readme, needed.end())
        if example is None:
            raise SystemExit(f"packages/{package}/README.md has no example after `{needed.group().strip()}`")
        run(uv, "pip", "install", "-q", f"--python={environment / 'bin' / 'python'}", needed.group(1), cwd=cwd)
        run_example(example, environment, cwd)


def run_example(example: re.Match[str], environment: Path, cwd: Path) -> None:
    """Run one example, and compare what it prints with what the README says that it prints."""
    language, text, says = example.groups()
    script = cwd / ("example.py" if language == "python" else "example.sh")
    script.write_text(text)
    binaries = environment / "bin"
    if language == "python":
        run(binaries / "python", "-W", "error", script, cwd=cwd, path=binaries, says=says)
    else:
        run("bash", "-eu", script, cwd=cwd, path=binaries, says=says)


def foreign_project(folder: Path) -> Path:
    """Make an empty project that is not ours."""
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "foreign"\nversion = "1.0"\nrequires-python = ">=3.11,<3.14"\ndependencies = []\n'
    )
    return folder


def from_git(package: str, work: Path, uv: str) -> None:
    """Install from a git repository with uv, and run the example."""
    tree = work / "repository"
    tree.mkdir(parents=True)
    snapshot(tree)
    project = foreign_project(work / "from_git")
    run(uv, "add", "-q", f"{package} @ git+file://{tree}#subdirectory=packages/{package}", cwd=project)
    environment = project / ".venv"
    check_environment(package, environment / "bin" / "python", project)
    run_examples(package, environment, project, uv)


def build_wheels(package: str, work: Path, uv: str) -> list[Path]:
    """Build the wheels of a package and of those of ours that come with it, from the repository in the work folder."""
    dist = work / "dist"
    for name in sorted(siblings(package)):
        run(uv, "build", "-q", "--wheel", f"--package={name}", f"--out-dir={dist}", cwd=work / "repository")
    return sorted(dist.glob("*.whl"))


def from_wheels(package: str, work: Path, uv: str) -> None:
    """Install from wheels in a folder, and run the example."""
    wheels = build_wheels(package, work, uv)
    project = foreign_project(work / "from_wheels")
    environment = project / ".venv"
    run(uv, "venv", "-q", environment, cwd=project)
    python = environment / "bin" / "python"
    # By path: a name may stand for somebody else's package on the public index.
    run(uv, "pip", "install", "-q", f"--python={python}", *wheels, cwd=project)
    check_environment(package, python, project)
    run_examples(package, environment, project, uv)


def main() -> None:
    """Install and run the named package in both ways."""
    package, folder = sys.argv[1], Path(sys.argv[2])
    shutil.rmtree(folder, ignore_errors=True)
    uv = find_uv_bin()
    from_git(package, folder, uv)
    from_wheels(package, folder, uv)
    shutil.rmtree(folder)
    sys.stdout.write(f"{package}: installed from git and from wheels, example ran in both\n")


if __name__ == "__main__":
    main()
