"""A runtime for tests: the text of a task's view is a script, and every call leaves a record."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import msgspec

from plan_contracts import (
    DataFormat,
    DatasetRef,
    ErrorPayload,
    ResultStatus,
    StagedOutput,
    TaskMetrics,
    TaskRequest,
    TaskResult,
    ViewWork,
    WorkerLimits,
    decode_msgpack,
    encode_msgpack,
)
from plan_contracts.testing import staged_file

SCRIPTED = "plan_exec.testing.scripted_runtime:scripted_runtime"
"""The name under which workers import the runtime."""

_CALLS = "calls"
_POLL_SECONDS = 0.002


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call of `run`, from its first step on."""

    task: str
    pid: int
    thread: int
    started: float
    """Seconds of the machine's monotonic clock, which all processes share."""
    ended: float | None
    """None when the call never came to its end."""
    inputs: dict[str, str]
    """Where each input lay, by name."""
    missing: tuple[str, ...]
    """Inputs whose file or memory was not there."""


class ScriptedRuntime:
    """Runs scripts of steps that are separated by `;`.

    ==================  ===============================================================
    step                what happens
    ==================  ===============================================================
    (nothing)           the task succeeds with a file that holds its name and its inputs
    ``sleep 0.2``       it takes as many seconds
    ``await NAME``      it waits until the task NAME has started
    ``fail``            the result says that it failed
    ``raise``           `run` raises
    ``garbage``         `run` gives bytes that are no document
    ``other``           `run` answers for another task
    ``lie``             the result states another digest than the file has
    ``kill``            the process is ended by SIGKILL
    ``exit 3``          the process exits with this code
    ==================  ===============================================================
    """

    def __init__(self) -> None:
        self._memory: dict[str, bytes] = {}
        self._worker = ""

    def start(self, limits: WorkerLimits) -> None:
        """Remember who this is."""
        self._worker = limits.worker

    def run(self, request: bytes) -> bytes:
        """Do what the task's text says."""
        asked = decode_msgpack(request, TaskRequest)
        record = _Record(asked, [each.name for each in asked.inputs if not self._is_there(each.ref)])
        answer = self._run(asked)
        record.end()
        return answer

    def spill(self, uri: str) -> None:
        """Drop the copy in memory."""
        self._memory.pop(uri, None)

    def release(self, uri: str) -> None:
        """Forget a result."""
        self._memory.pop(uri, None)

    def stop(self) -> None:
        """Forget everything."""
        self._memory.clear()

    def _run(self, asked: TaskRequest) -> bytes:
        task = asked.task
        outputs: tuple[StagedOutput, ...] = ()
        error: ErrorPayload | None = None
        for step in filter(None, (part.strip() for part in _script(asked).split(";"))):
            verb, _, argument = step.partition(" ")
            if verb == "garbage":
                return b"\xc1 not a document"
            if verb == "other":
                task = f"{asked.task}_of_another"
            elif verb == "fail":
                error = ErrorPayload(code="scripted", stage="testing", message=f"`{asked.task}` was told to fail")
            elif verb != "lie":
                _act(verb, argument, asked)
        if error is None:
            outputs = tuple(self._stage(asked, view) for view in asked.outputs)
        return encode_msgpack(
            TaskResult(
                run_id=asked.run_id,
                task=task,
                attempt=asked.attempt,
                status=ResultStatus.FAILED if error is not None else ResultStatus.SUCCEEDED,
                outputs=outputs,
                error=error,
                metrics=TaskMetrics(wall_seconds=0.001),
                worker=self._worker,
            )
        )

    def _stage(self, asked: TaskRequest, view: str) -> StagedOutput:
        content = "\n".join([view, *(f"{each.name} {each.content_id}" for each in asked.inputs)]).encode()
        path = Path(asked.stage_uri) / f"{view}.{os.getpid()}.{threading.get_ident()}"
        staged = staged_file(view, path, content, rows=1)
        if "lie" in _script(asked):
            staged = msgspec.structs.replace(staged, sha256="0" * 64)
        if not asked.hand_on_in_memory:
            return staged
        uri = f"memory:{view}"
        self._memory[uri] = content
        ref = DatasetRef(uri=uri, format=DataFormat.PARQUET, columns=())
        return msgspec.structs.replace(staged, memory=ref)

    def _is_there(self, ref: DatasetRef | None) -> bool:
        if ref is None:
            return False
        return ref.uri in self._memory if ref.uri.startswith("memory:") else Path(ref.uri).exists()


def scripted_runtime() -> ScriptedRuntime:
    """Make the runtime."""
    return ScriptedRuntime()


def calls_of(project: Path) -> list[Call]:
    """Give every call below a project's folder, by the time of its start."""
    calls: list[Call] = []
    for path in (project / _CALLS).glob("*.begun"):
        ended = path.with_suffix(".ended")
        call = msgspec.json.decode(path.read_bytes(), type=Call)
        calls.append(msgspec.structs.replace(call, ended=float(ended.read_text())) if ended.exists() else call)
    return sorted(calls, key=lambda call: call.started)


class _Record:
    def __init__(self, asked: TaskRequest, missing: list[str]) -> None:
        folder = Path(asked.project_uri) / _CALLS
        folder.mkdir(parents=True, exist_ok=True)
        self._ended = folder / f"{asked.task}.ended"
        call = Call(
            task=asked.task,
            pid=os.getpid(),
            thread=threading.get_ident(),
            started=time.monotonic(),
            ended=None,
            inputs={each.name: each.ref.uri for each in asked.inputs if each.ref is not None},
            missing=tuple(missing),
        )
        _write(folder / f"{asked.task}.begun", msgspec.json.encode(call))

    def end(self) -> None:
        _write(self._ended, repr(time.monotonic()).encode())


def _write(path: Path, content: bytes) -> None:
    """Write a file that a reader in another process sees whole or not at all."""
    draft = path.with_suffix(".draft")
    draft.write_bytes(content)
    draft.replace(path)


def _script(asked: TaskRequest) -> str:
    return asked.work.views[0].sql if isinstance(asked.work, ViewWork) else ""


def _act(verb: str, argument: str, asked: TaskRequest) -> None:
    if verb == "sleep":
        time.sleep(float(argument))
    elif verb == "await":
        while not (Path(asked.project_uri) / _CALLS / f"{argument}.begun").exists():
            time.sleep(_POLL_SECONDS)
    elif verb == "raise":
        raise RuntimeError("told to raise")
    elif verb == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif verb == "exit":
        sys.exit(int(argument))
    else:
        raise ValueError(f"no step `{verb}`")
