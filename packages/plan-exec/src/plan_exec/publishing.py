"""Write, audit, publish: a result is verified and published at once, or held back until its checks have passed."""

from collections.abc import Mapping
from typing import Protocol

from plan_contracts import Committer, OutputRecord, PublishedOutput, StagedOutput, TaskKind, TaskResult
from plan_exec.scan_units import joined_memory, joined_output
from plan_exec.task_state import ScanBlock, TaskState


class Publishing(Protocol):
    """What the dispatcher does with results."""

    def reuse(self, state: TaskState) -> bool:
        """Take over what need not be made again."""
        ...

    def accept(self, state: TaskState, result: TaskResult) -> None:
        """Take the results of a task that succeeded; raises `PlanError` when they cannot be taken."""
        ...

    def discard(self, result: TaskResult) -> None:
        """Remove the files of an attempt that came to nothing."""
        ...

    def release(self, state: TaskState) -> None:
        """Let go of what a task that is final gave, which nobody is to read any more."""
        ...

    def collect(self, block: ScanBlock) -> None:
        """Take what the units of a scan gave as its result; all have succeeded."""
        ...

    def records(self, state: TaskState) -> tuple[tuple[OutputRecord, ...], tuple[OutputRecord, ...]]:
        """Give what a task has published or reused: outputs of the project, and what is not."""
        ...


class Publisher:
    """Publishes what tasks have staged, through the committer.

    Parameters
    ----------
    committer
        Verifies, publishes, and knows what is current.
    states
        Every scheduled task, by name.
    """

    def __init__(self, committer: Committer, states: Mapping[str, TaskState]) -> None:
        self._committer = committer
        self._states = states
        self._owners = {view: state.task.name for state in states.values() for view in state.task.outputs}
        self._temp = {view for state in states.values() for view in state.task.temp}
        scanned = {view for state in states.values() if state.task.kind is TaskKind.SCAN for view in state.task.outputs}
        # A check of a dataset reads the dataset, and holds back nothing of what views read of it.
        self._checked = {state.checked for state in states.values()} - scanned

    def reuse(self, state: TaskState) -> bool:
        """Take over what need not be made again: outputs of the same key, or the verdict of checks of the same key.

        Raises
        ------
        PlanError
            When what a check held back cannot be published.
        """
        if state.checked is not None:
            if not self._committer.has_passed(state.checked, state.build_key):
                return False
            self.accept_check(state)
            return True
        for view in state.task.outputs:
            find = self._committer.cached if view in self._temp else self._committer.reusable
            output = find(view, state.build_key)
            if output is None:
                state.published.clear()
                return False
            state.published[view] = output
        return True

    def accept(self, state: TaskState, result: TaskResult) -> None:
        """Verify the results of a task that succeeded, and publish those that no check of this run holds back.

        Raises
        ------
        PlanError
            When a result is not what its worker said, or cannot be published; the old output is still in place.
        """
        if state.checked is not None:
            self.accept_check(state)
            return
        for staged in result.outputs:
            self._committer.verify(staged)
        for staged in result.outputs:
            if staged.view in self._checked:
                state.staged[staged.view] = staged
            else:
                state.published[staged.view] = self._put(staged, state.build_key)
        state.in_memory = {each.view: each.memory for each in result.outputs if each.memory is not None}

    def discard(self, result: TaskResult) -> None:
        """Remove the files of an attempt that came to nothing."""
        for staged in result.outputs:
            self._committer.discard(staged)

    def release(self, state: TaskState) -> None:
        """Let go of what a task that is final gave, which nobody is to read any more.

        What a check has held back for good is removed; what was published is the committer's to keep or to remove.
        """
        for staged in state.staged.values():
            self._committer.discard(staged)
        state.staged.clear()
        parts = state.block.units.values() if state.block is not None else (state,)
        for output in (output for part in parts for output in part.published.values()):
            self._committer.release(output)

    def collect(self, block: ScanBlock) -> None:
        """Join what the units of a scan have published and keep in memory, in their order."""
        whole, units = block.whole, list(block.units.values())
        for view in whole.task.outputs:
            whole.published[view] = joined_output([unit.published[view] for unit in units], whole.build_key)
            memory = joined_memory(units, view)
            if memory is not None:
                whole.in_memory[view] = memory

    def accept_check(self, state: TaskState) -> None:
        """Publish what a check that passed has held back, and put on record that it passed.

        Raises
        ------
        PlanError
            When it cannot be published; the old output is still in place.
        """
        subject = state.checked
        if subject is None:
            raise AssertionError(f"`{state.task.name}` is no check")
        owner = self._owners.get(subject)
        if owner is not None and subject in self._states[owner].staged:
            producer = self._states[owner]
            output = self._put(producer.staged[subject], producer.build_key)
            del producer.staged[subject]
            state.published[subject] = producer.published[subject] = output
        self._committer.record_passed(subject, state.build_key)

    def records(self, state: TaskState) -> tuple[tuple[OutputRecord, ...], tuple[OutputRecord, ...]]:
        """Give what a task has published or reused: outputs of the project, and what is not."""
        records = [output.record for output in state.published.values()]
        return tuple(each for each in records if each.name not in self._temp), tuple(
            each for each in records if each.name in self._temp
        )

    def _put(self, staged: StagedOutput, build_key: str) -> PublishedOutput:
        put = self._committer.keep if staged.view in self._temp else self._committer.publish
        return put(staged, build_key)
