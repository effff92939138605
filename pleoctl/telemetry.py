"""Traces by OpenTelemetry: a span for the command, each change, each request and each wait.

Only the standard variables decide (``OTEL_TRACES_EXPORTER``, ``OTEL_EXPORTER_OTLP_ENDPOINT`` …); no file of a workspace
does, so that no branch sends anything anywhere. Attributes hold ids, names of kinds and numbers; what comes from a
server or the accounting system is escaped as on a terminal, words of errors are left out. Servers that pleoctl talks to
are not told the trace.
"""

from __future__ import annotations

import logging
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from pleoctl import __version__
from pleoctl.machine import done_within
from pleoctl.text import terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

    from pleoctl.watch import Word

LOG: Final = logging.getLogger(__name__)
LAST_SECONDS: Final = 5.0
"""How long the end of a command waits for a collector that takes nothing."""
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_HTTP: Final = "http/protobuf"


class Traces:
    """Makes spans of one command; see `pleoctl.watch.Tracer`."""

    def __init__(self, provider: TracerProvider) -> None:
        """``provider`` exports what it is given."""
        self._provider = provider
        self._tracer = provider.get_tracer("pleoctl", __version__)
        self.trace: str | None = None

    @contextmanager
    def span(self, name: str, known: Mapping[str, Word]) -> Iterator[Marks]:
        """See `pleoctl.watch.Tracer.span`; an error is told by its type alone."""
        from opentelemetry.trace import Status, StatusCode

        with self._tracer.start_as_current_span(
            name, attributes=_attributes(known), record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield Marks(span)
            except BaseException as error:
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise

    @contextmanager
    def command(self, name: str, environ: Mapping[str, str]) -> Iterator[Marks]:
        """The span of the whole command, below the one that ``TRACEPARENT`` names; afterwards all is exported."""
        from opentelemetry.context import attach, detach

        token = attach(_parent(environ))
        try:
            with self.span(name, {}) as marks:
                self.trace = marks.trace
                yield marks
        finally:
            detach(token)
            # A thread, since an exporter that hangs must not keep the command.
            if not done_within(LAST_SECONDS, self._provider.shutdown, "pleoctl-traces"):
                LOG.warning("traces could not be handed over within %.0f s", LAST_SECONDS)


class Marks:
    """What becomes known of a span while it lasts."""

    def __init__(self, span: Span) -> None:
        """See the class."""
        self._span = span

    def note(self, **known: Word) -> None:
        """More attributes."""
        self._span.set_attributes(_attributes(known))

    def failed(self, why: str) -> None:
        """The span did not end well."""
        from opentelemetry.trace import Status, StatusCode

        self._span.set_status(Status(StatusCode.ERROR, terminal(why)))

    @property
    def trace(self) -> str:
        """The trace's id."""
        return format(self._span.get_span_context().trace_id, "032x")


def traces(environ: Mapping[str, str] = os.environ) -> Traces | None:
    """What the environment asks for; None where it asks for nothing, or for what cannot be done, which is told."""
    if not _asked(environ):
        return None
    try:
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        exporter = _exporter(environ)
    except ImportError:
        LOG.warning("the environment asks for traces, which need another package: pip install 'pleoctl[telemetry]'")
        return None
    if exporter is None:
        return None
    provider = TracerProvider(resource=_resource(environ), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Traces(provider)


def _asked(environ: Mapping[str, str]) -> bool:
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    wanted = environ.get("OTEL_TRACES_EXPORTER")
    return wanted != "none" if wanted else any(environ.get(name) for name in _ENDPOINTS)


def _exporter(environ: Mapping[str, str]) -> SpanExporter | None:
    wanted = environ.get("OTEL_TRACES_EXPORTER") or "otlp"
    protocol = next((environ[name] for name in _PROTOCOLS if environ.get(name)), _HTTP)
    if wanted == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        # One object a line, as standard error has with `--log-format json`.
        return ConsoleSpanExporter(out=sys.stderr, formatter=lambda span: f"{span.to_json(indent=None)}\n")
    if (wanted, protocol) != ("otlp", _HTTP):
        what = f"OTEL_TRACES_EXPORTER={wanted}" if wanted != "otlp" else f"OTEL_EXPORTER_OTLP_PROTOCOL={protocol}"
        LOG.warning("traces are not sent: %s is not known here; otlp over %s, console and none are", what, _HTTP)
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()


def _resource(environ: Mapping[str, str]) -> Any:
    from opentelemetry.sdk.resources import Resource

    name = {} if environ.get("OTEL_SERVICE_NAME") else {"service.name": "pleoctl"}
    given = Resource.create({"service.version": __version__})
    return given if "service.name=" in environ.get("OTEL_RESOURCE_ATTRIBUTES", "") else given.merge(Resource(name))


def _parent(environ: Mapping[str, str]) -> Context:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carried = {name: environ[name.upper()] for name in ("traceparent", "tracestate") if environ.get(name.upper())}
    return TraceContextTextMapPropagator().extract(carried)


def _attributes(known: Mapping[str, Word]) -> dict[str, Word]:
    """Names of our own stand below ``pleoctl``; names with a dot are OpenTelemetry's."""
    return {
        name if "." in name else f"pleoctl.{name}": terminal(value) if isinstance(value, str) else value
        for name, value in known.items()
    }
