"""Traces: what a collector gets of a command, and that nobody gets anything who was not asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from collecting import Collector
from mixed import accounts
from pleoctl.sandbox import Fault, Seed, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pleoctl.sandbox import Sandbox
    from shapes import Json, Value
    from tests.conftest import Cli, MakeDesired, MakeWorkspace

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that the environment names."""
    with Collector() as running:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", running.url)
        yield running


@pytest.fixture
def renamed(pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired) -> Path:
    """A workspace whose plan renames two accounts, one with a name of its own kind."""
    pleo.reset(Seed(accounts=accounts(2)), Settings())
    folder = workspace(pleo)
    desired(folder, accounts=[{**row, "name": "n\u202ew"} for row in accounts(2)])
    return folder


def spans(collector: Collector) -> list[Value]:
    """All spans that came."""
    found = []
    for posted in collector.posted:
        assert posted.path == "/v1/traces"
        request = ExportTraceServiceRequest.FromString(posted.body)
        found += [span for each in request.resource_spans for scope in each.scope_spans for span in scope.spans]
    return found


def attributes(span: Value) -> Json:
    """A span's attributes by their names."""
    return {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in span.attributes}


@pytest.mark.usefixtures("renamed")
def test_a_command_its_changes_and_its_requests_are_spans(
    cli: Cli, collector: Collector, pleo: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They stand in each other, below the span that TRACEPARENT names, and carry ids."""
    assert cli("plan", "-o", "plan.json").code == 0
    collector.posted.clear()
    monkeypatch.setenv("TRACEPARENT", PARENT)
    assert cli("apply", "plan.json").code == 0
    found = spans(collector)
    assert {span.trace_id.hex() for span in found} == {TRACE}
    (top,) = [span for span in found if span.name == "pleoctl apply"]
    assert top.parent_span_id.hex() == "b7ad6b7169203331"
    known = attributes(top)
    assert (known["pleoctl.company"], known["pleoctl.exit_code"]) == (pleo.company, 0)
    assert known["pleoctl.plan"].startswith("sha256:")
    changes = [span for span in found if "pleoctl.address" in attributes(span)]
    assert {attributes(span)["pleoctl.status"] for span in changes} == {"done"}
    assert {span.parent_span_id for span in changes} == {top.span_id}
    puts = [span for span in found if span.name == "PUT"]
    assert len(changes) == len(puts) == 2
    assert {span.name for span in changes} == {"update account"}
    assert {span.parent_span_id for span in puts} == {span.span_id for span in changes}
    assert all(attributes(span)["http.response.status_code"] == 200 for span in puts)


def test_a_batch_has_a_span_for_each_change(
    cli: Cli, collector: Collector, pleo: Sandbox, workspace: MakeWorkspace, desired: MakeDesired
) -> None:
    """One request creates several; each of them can be found."""
    pleo.reset(Seed(), Settings())
    desired(workspace(pleo), accounts=accounts(3))
    assert cli("plan", "-o", "plan.json").code == 0
    assert cli("apply", "plan.json").code == 0
    found = spans(collector)
    (batch,) = [span for span in found if attributes(span).get("pleoctl.changes") == 3]
    parts = [span for span in found if span.parent_span_id == batch.span_id and span.name == "create account"]
    assert sorted(attributes(span)["pleoctl.address"] for span in parts) == [f"account:e{n:03}" for n in range(3)]


@pytest.mark.usefixtures("renamed")
def test_waits_are_spans_and_nothing_secret_or_live_is_told(
    cli: Cli, collector: Collector, pleo: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wait that the server asks for is seen with its reason; keys, names and words of answers are not."""
    monkeypatch.setenv("PLEO_API_KEY", "sandbox-key")
    pleo.add_fault(Fault(kind="status", status=429, retry_after=0.01, nth=1))
    pleo.add_fault(Fault(kind="status", status=503, nth=2))
    assert cli("plan").code == 0
    waits = [attributes(span)["pleoctl.reason"] for span in spans(collector) if span.name == "wait"]
    assert sorted(waits) == ["asked", "retry"]
    sent = b"".join(posted.body for posted in collector.posted)
    assert not any(word.encode() in sent for word in ("sandbox-key", "n\u202ew", "Basic"))


def test_servers_are_not_told_the_trace(cli: Cli, collector: Collector, workspace: MakeWorkspace) -> None:
    """What goes to Pleo is the same with traces and without."""
    with Collector(401) as server:
        workspace(None, pleo={"url": server.url, "auth": {"apiKey": "env:PLEO_API_KEY"}})
        assert cli("doctor").code == 1
    assert spans(collector)
    assert server.posted
    assert not [name for call in server.posted for name in call.headers if name.lower().startswith("trace")]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"OTEL_SDK_DISABLED": "true"}, ""),
        ({"OTEL_TRACES_EXPORTER": "none"}, ""),
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "zipkin"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "grpc"),
    ],
)
def test_what_is_off_or_unknown_sends_nothing(
    cli: Cli, collector: Collector, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], told: str
) -> None:
    """What cannot be done is told; the command goes on."""
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    said = cli("version")
    assert (said.code, collector.posted) == (0, [])
    assert told in said.stderr
    assert bool(told) == bool(said.stderr)


def test_the_console_is_standard_error(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output is the command's data; each span is a line, which a log of objects can take."""
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "console")
    said = cli("version", "--format", "json", "--log-format", "json")
    assert said.json["exitCode"] == 0
    assert "pleoctl version" in [json.loads(line)["name"] for line in said.stderr.splitlines()]


def test_a_collector_that_fails_changes_nothing(cli: Cli, collector: Collector) -> None:
    """Neither the exit code nor the output."""
    collector.status = 400
    said = cli("version")
    assert (said.code, said.stdout.startswith("pleoctl, version")) == (0, True)


def test_who_asks_for_no_traces_loads_nothing_for_them() -> None:
    """A start is as quick as without."""
    program = "import sys; from pleoctl.cli.main import run; run(['version']); print('opentelemetry' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.endswith("False\n")
