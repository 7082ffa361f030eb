"""The command line as a whole: help, wrong use, and how little it imports."""

import subprocess
import sys

import pytest

from plan_cli.app import run

COMMANDS = (
    *("build", "validate", "plan", "runs", "diff", "events", "store verify"),
    *(f"contracts {name}" for name in ("list", "show", "check", "verify", "release")),
)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command.split(), "--help"]) == 0
    assert f"Example: plan-cli {command}" in " ".join(capsys.readouterr().out.split())


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(command.split()[0] in shown for command in COMMANDS)


@pytest.mark.parametrize(
    "arguments", [["no-such-command"], ["build", "--no-such-option"], ["build", "--executor", "x"]]
)
def test_wrong_use_exits_with_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err


@pytest.mark.parametrize("heavy", ["datafusion", "pyarrow", "hamilton", "rustworkx", "numpy"])
def test_help_imports_nothing_heavy(heavy: str) -> None:
    program = f"import sys; from plan_cli.app import run; run(['--help']); sys.exit({heavy!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.timeout(60)
@pytest.mark.parametrize("arguments", [["contracts", "list"], ["contracts", "list", "--json"]])
def test_reader_that_goes_away_ends_the_command_without_a_traceback(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "plan_cli", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1
