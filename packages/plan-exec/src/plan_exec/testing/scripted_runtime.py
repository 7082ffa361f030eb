"""A runtime for tests: the text of a task's view is a script, and every call leaves a record."""

import os
import secrets
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
    ScanWork,
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
_UP_TO = {"first": 1, "twice": 2}
"""The last attempt in which a step happens."""

_BEGUN, _HOLDS = "begun", "holds"
_AWAITS = {"await": _BEGUN, "behold": _HOLDS}
"""What another task must have done before a step is over."""

_OF_STAGING = {"lie", "escape", "nothing", "give"}


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call of `run`, from its first step on."""

    task: str
    unit: str | None
    attempt: int
    pid: int
    thread: int
    started: float
    """Seconds of the machine's monotonic clock, which all processes share."""
    ended: float | None
    """None when the call never came to its end."""
    inputs: dict[str, str]
    """Where each input lay, by name."""
    places: dict[str, tuple[str, ...]]
    """Where all parts of each input lay, in order."""
    missing: tuple[str, ...]
    """Inputs whose file or memory was not there."""
    held: int = 0
    """Bytes of the results that the runtime held in memory when it began."""


class ScriptedRuntime:
    """Runs scripts of steps that are separated by `;`.

    ==================  ===============================================================
    step                what happens
    ==================  ===============================================================
    (nothing)           the task succeeds with a file that holds its name and its inputs
    ``sleep 0.2``       it takes as many seconds
    ``await NAME``      it waits until the task NAME has started
    ``fail``            the result says that it failed
    ``blink``           the result says that it failed, and that trying again may help
    ``raise``           `run` raises
    ``garbage``         `run` gives bytes that are no document
    ``other``           `run` answers for another task
    ``lie``             the result states another digest than the file has
    ``hold 0.2``        for as many seconds it holds all that the runtime works with
    ``behold NAME``     it waits until the task NAME holds that
    ``need``            it waits until no task holds that
    ``kill``            the process is ended by SIGKILL
    ``exit 3``          the process exits with this code
    ``escape``          the result lies outside the folder for staged results
    ``nothing``         the result names a file that does not exist
    ``give 100``        the result has as many bytes more
    ``first STEP``      the step happens in the first attempt only
    ``twice STEP``      the step happens in the first and the second attempt only
    ``unit KEY STEP``   the step happens in this unit of a scan only
    ==================  ===============================================================

    The script of a scan is its first filter.
    """

    def __init__(self) -> None:
        self._memory: dict[str, bytes] = {}
        self._budget = 0
        self._keeping = threading.Lock()
        self._worker = ""
        self._held = threading.Lock()

    def start(self, limits: WorkerLimits) -> None:
        """Remember who this is, and what results may hold."""
        self._worker = limits.worker
        self._budget = limits.retain_bytes

    def run(self, request: bytes) -> bytes:
        """Do what the task's text says."""
        asked = decode_msgpack(request, TaskRequest)
        read = () if isinstance(asked.work, ScanWork) else asked.inputs
        held = self._held_bytes()
        record = _Record(asked, [each.name for each in read if not self._is_there(each.ref)], held)
        answer = self._run(asked)
        record.end()
        return answer

    def spill(self, uri: str) -> None:
        """Drop the copy in memory."""
        self._memory.pop(uri, None)

    def release(self, uri: str) -> None:
        """Forget a result."""
        self._memory.pop(uri, None)

    def probe(self) -> None:
        """Wait until no task holds the runtime."""
        with self._held:
            pass

    def stop(self) -> None:
        """Forget everything."""
        self._memory.clear()

    def _run(self, asked: TaskRequest) -> bytes:
        task = asked.task
        outputs: tuple[StagedOutput, ...] = ()
        error: ErrorPayload | None = None
        for verb, argument in _steps(asked):
            if verb == "garbage":
                return b"\xc1 not a document"
            if verb == "other":
                task = f"{asked.task}_of_another"
            elif verb in {"fail", "blink"}:
                message = f"`{asked.task}` was told to fail"
                error = ErrorPayload(code="scripted", stage="testing", message=message, transient=verb == "blink")
            elif verb == "hold":
                with self._held:
                    _sign(asked.project_uri, task, _HOLDS).touch()
                    time.sleep(float(argument))
            elif verb == "need":
                self.probe()
            elif verb not in _OF_STAGING:
                _act(verb, argument, asked)
        if error is None:
            outputs = tuple(self._stage(asked, view) for view in asked.outputs)
        return encode_msgpack(
            TaskResult(
                run_id=asked.run_id,
                task=task,
                unit=asked.unit,
                attempt=asked.attempt,
                status=ResultStatus.FAILED if error is not None else ResultStatus.SUCCEEDED,
                outputs=outputs,
                error=error,
                metrics=TaskMetrics(wall_seconds=0.001),
                worker=self._worker,
            )
        )

    def _stage(self, asked: TaskRequest, view: str) -> StagedOutput:
        content = "\n".join(
            [view, *filter(None, [asked.unit]), *(f"{each.name} {each.content_id}" for each in asked.inputs)]
        ).encode()
        verbs = dict(_steps(asked))
        content += b"." * int(verbs.get("give", "0"))
        folder = Path(asked.stage_uri) / ".." if "escape" in verbs else Path(asked.stage_uri)
        staged = staged_file(view, folder / f"{view}.{secrets.token_hex(8)}", content, rows=1)
        if "lie" in verbs:
            staged = msgspec.structs.replace(staged, sha256="0" * 64)
        if "nothing" in verbs:
            Path(staged.ref.uri).unlink()
        if not asked.hand_on_in_memory:
            return staged
        uri = f"memory:{view}/{asked.unit or ''}"
        ref = DatasetRef(uri=uri, format=DataFormat.PARQUET, columns=(), bytes=len(content))
        kept = self._keep(uri, content)
        return msgspec.structs.replace(staged, memory=ref if kept else None, memory_bytes=len(content))

    def _keep(self, uri: str, content: bytes) -> bool:
        """Keep a result in memory if it fits."""
        with self._keeping:
            fits = self._held_bytes() + len(content) <= self._budget
            if fits:
                self._memory[uri] = content
            return fits

    def _held_bytes(self) -> int:
        return sum(map(len, list(self._memory.values())))

    def _is_there(self, ref: DatasetRef | None) -> bool:
        if ref is None:
            return False
        return all(
            uri in self._memory if uri.startswith("memory:") else Path(uri).exists() for uri in ref.files or (ref.uri,)
        )


def scripted_runtime() -> ScriptedRuntime:
    """Make the runtime."""
    return ScriptedRuntime()


def calls_of(project: Path) -> list[Call]:
    """Give every call below a project's folder, by the time of its start."""
    calls: list[Call] = []
    for path in (project / _CALLS).glob(f"*.{_BEGUN}"):
        ended = path.with_suffix(".ended")
        call = msgspec.json.decode(path.read_bytes(), type=Call)
        calls.append(msgspec.structs.replace(call, ended=float(ended.read_text())) if ended.exists() else call)
    return sorted(calls, key=lambda call: call.started)


class _Record:
    def __init__(self, asked: TaskRequest, missing: list[str], held: int) -> None:
        folder = Path(asked.project_uri) / _CALLS
        folder.mkdir(parents=True, exist_ok=True)
        name = asked.task if asked.unit is None else f"{asked.task}.{asked.unit}"
        self._ended = folder / f"{name}.{asked.attempt}.ended"
        call = Call(
            task=asked.task,
            unit=asked.unit,
            attempt=asked.attempt,
            pid=os.getpid(),
            thread=threading.get_ident(),
            started=time.monotonic(),
            ended=None,
            inputs={each.name: each.ref.uri for each in asked.inputs if each.ref is not None},
            places={each.name: each.ref.files or (each.ref.uri,) for each in asked.inputs if each.ref is not None},
            missing=tuple(missing),
            held=held,
        )
        _write(folder / f"{name}.{asked.attempt}.{_BEGUN}", msgspec.json.encode(call))

    def end(self) -> None:
        _write(self._ended, repr(time.monotonic()).encode())


def _write(path: Path, content: bytes) -> None:
    """Write a file that a reader in another process sees whole or not at all."""
    draft = path.with_suffix(".draft")
    draft.write_bytes(content)
    draft.replace(path)


def _script(asked: TaskRequest) -> str:
    if isinstance(asked.work, ScanWork):
        return ";".join(asked.work.filters)
    return asked.work.views[0].sql if isinstance(asked.work, ViewWork) else ""


def _steps(asked: TaskRequest) -> list[tuple[str, str]]:
    """Give verb and argument of each step that this attempt is to take."""
    steps: list[tuple[str, str]] = []
    for step in filter(None, (part.strip() for part in _script(asked).split(";"))):
        verb, _, argument = step.partition(" ")
        if verb == "unit":
            key, _, rest = argument.partition(" ")
            verb, _, argument = rest.partition(" ")
            if asked.unit != key:
                continue
        if verb in _UP_TO:
            most = _UP_TO[verb]
            verb, _, argument = argument.partition(" ")
            if asked.attempt > most:
                continue
        steps.append((verb, argument))
    return steps


def _sign(project: str, task: str, of: str) -> Path:
    """Give the file by which others see how far the first attempt of a task has come."""
    return Path(project) / _CALLS / f"{task}.1.{of}"


def _act(verb: str, argument: str, asked: TaskRequest) -> None:
    if verb == "sleep":
        time.sleep(float(argument))
    elif verb in _AWAITS:
        while not _sign(asked.project_uri, argument, _AWAITS[verb]).exists():
            time.sleep(_POLL_SECONDS)
    elif verb == "raise":
        raise RuntimeError("told to raise")
    elif verb == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif verb == "exit":
        sys.exit(int(argument))
    else:
        raise ValueError(f"no step `{verb}`")
