"""Hamilton's own adapters over tasks of the plan: OpenTelemetry spans and OpenLineage events in a file."""

import json
from pathlib import Path

import pytest
from executing import PROCESSES, THREADS, run
from hamilton.plugins.h_openlineage import OpenLineageAdapter
from hamilton.plugins.h_opentelemetry import OpenTelemetryTracer
from openlineage.client import OpenLineageClient
from openlineage.client.transport.file import FileConfig, FileTransport
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from plan_exec.testing import calls_of, scenario


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", [THREADS, PROCESSES])
def test_opentelemetry_has_a_span_per_task_with_its_own_times(way: str, tmp_path: Path) -> None:
    # `long` and the chain overlap: spans that were kept on one stack would end in the wrong order.
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = OpenTelemetryTracer(tracer=provider.get_tracer("plan"))
    planned = scenario(
        "long; one -> two", tmp_path, scripts={"long": "await two; sleep 0.1"}, costs={"long": 9.0, "one": 5.0}
    )

    run(planned, way, adapters=[tracer])

    # A task's own span is inside that of its group, which bears the same name and ends later.
    found: dict[str, ReadableSpan] = {span.name: span for span in reversed(exporter.get_finished_spans())}
    assert {"long", "one", "two"} <= set(found)
    calls = {call.task: call for call in calls_of(tmp_path)}
    for name, call in calls.items():
        span = found[name]
        assert span.start_time is not None
        assert span.end_time is not None
        assert call.ended is not None
        assert (span.end_time - span.start_time) / 1e9 >= call.ended - call.started
    order = sorted(calls, key=lambda name: found[name].end_time or 0)
    assert order.index("one") < order.index("two") < order.index("long")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", [THREADS, PROCESSES])
def test_openlineage_writes_the_run_to_a_file(way: str, tmp_path: Path) -> None:
    target = tmp_path / "lineage.jsonl"
    client = OpenLineageClient(transport=FileTransport(FileConfig(log_file_path=str(target), append=True)))
    adapter = OpenLineageAdapter(client, "plan", "nightly")

    run(scenario("a -> b", tmp_path), way, adapters=[adapter])

    events = [json.loads(line) for line in target.read_text().splitlines()]
    assert (events[0]["eventType"], events[-1]["eventType"]) == ("START", "COMPLETE")
    assert {event["job"]["name"] for event in events} == {"nightly"}
    assert len({event["run"]["runId"] for event in events}) == 1
