"""What the exit code of a command says."""

DONE = 0
"""Everything that was asked for was done."""
TASK_FAILED = 1
"""A task or a check failed."""
WRONG_USE = 2
"""Arguments, plan.toml, SQL syntax, a forbidden statement, or a missing or unreadable file."""
REFUSED = 3
"""Validation refused the plan or held a part of it."""
STORE_DAMAGED = 4
"""The store cannot be trusted."""
INTERRUPTED = 130
"""The user stopped it."""
