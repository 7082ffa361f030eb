"""The two consoles. Colour follows the terminal and NO_COLOR; a pipe gets plain lines that are never wrapped."""

import sys
from collections.abc import Iterable
from functools import cache

from rich.console import Console

from plan_contracts import Contract, encode_json_pretty


@cache
def console() -> Console:
    """Give the console of standard output."""
    return _plain_where_piped(Console(highlight=False, soft_wrap=True))


@cache
def error_console() -> Console:
    """Give the console of standard error."""
    return _plain_where_piped(Console(stderr=True, highlight=False, soft_wrap=True))


def _plain_where_piped(console: Console) -> Console:
    if not console.is_terminal:
        console.width = 200
    return console


def print_json(document: Contract) -> None:
    """Write a document to standard output as indented canonical JSON."""
    sys.stdout.write(encode_json_pretty(document).decode())
    sys.stdout.flush()


def print_lines(lines: Iterable[str]) -> None:
    """Print plain lines to standard output."""
    for line in lines:
        console().print(line, markup=False)


def show_warnings(console: Console, warnings: Iterable[str]) -> None:
    """Print what a user should know before a run."""
    for warning in warnings:
        console.print(f"warning: {warning}", markup=False)
