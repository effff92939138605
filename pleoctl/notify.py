"""Notices to people about a run that nobody watched: one digest a run for each target of ``notify``.

A digest has ids, names of kinds, codes and numbers; no word in it comes from Pleo, from the accounting system or from a
branch. Targets are urls of Apprise in variables of the environment, so that a branch names none of its own. A notice
that cannot be sent is a warning and changes no exit code.
"""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from pleoctl.documents.files import write_atomically
from pleoctl.errors import ExitCode, Finding, MissingExtra, PleoctlError
from pleoctl.machine import done_within, this_machine
from pleoctl.model.kinds import KINDS
from pleoctl.watch import RUNS

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator, Mapping

    from pleoctl.watch import Watch
    from pleoctl.workspace import Workspace

_FAILED: Final = frozenset({ExitCode.ERROR, ExitCode.PARTIAL, ExitCode.STALE, ExitCode.INVALID})
_EXPIRING: Final = "expiring"
_ENDING: Final = "ending"
_ON: Final = {_ENDING: _EXPIRING}
"""Which word of ``notify.on`` asks for what a digest has under a name of its own."""
_DAY: Final = 86_400.0
MOST_SECONDS: Final = 20.0
"""How long a run waits for a service to take a notice."""
_NAME_LETTERS: Final = 24
_BAD: Final = frozenset({"failed", "ambiguous", "blocked", "partial"})


def digest(watch: Watch, code: ExitCode, findings: Iterable[Finding]) -> dict[str, str]:
    """What there is to tell of a run, by the words that ``notify.on`` has for it; empty where all is well."""
    if watch.command not in RUNS:
        return {}
    codes = [finding.code for finding in findings if finding.level == "error"]
    told = {}
    if watch.command == "drift" and code is ExitCode.CHANGES:
        told["drift"] = f"Pleo has moved away: {_listed(watch.planned)}"
    if code is ExitCode.REFUSED:
        told["refused"] = f"refused: {', '.join(watch.refusals or sorted(set(codes)))}"
    ended = sorted(watch.ended.items())
    bad = [f"{_noun(kind)} {action} {status} {n}" for (kind, action, status), n in ended if status in _BAD]
    if code in _FAILED or bad:
        told["failed"] = f"exit {int(code)}: {'; '.join(bad) or ', '.join(sorted(set(codes))) or code.name.lower()}"
    if watch.held:
        held = ", ".join(f"{_noun(kind)} {n}" for kind, n in sorted(watch.held.items()))
        told["held"] = f"rows that cannot be used: {held}"
    if {"unauthorised", "signed-out"} & set(codes):
        told[_EXPIRING] = "the credential or the sign-in has ended, was revoked or lacks a scope"
    elif watch.ending:
        told[_ENDING] = "; ".join(ending.words(*what) for what, ending in watch.ending.items())
    return told


def _listed(planned: Counter[tuple[str, str]]) -> str:
    found: dict[str, list[str]] = defaultdict(list)
    for (kind, action), number in sorted(planned.items()):
        found[kind].append(f"{action} {number}")
    return "; ".join(f"{_noun(kind)} {', '.join(parts)}" for kind, parts in found.items())


def _noun(kind: str) -> str:
    """What people call records of a kind; items of export jobs are of none."""
    return KINDS[kind].title if kind in KINDS else kind


def tell(workspace: Workspace, watch: Watch, told: dict[str, str]) -> list[Finding]:
    """Send the digest to each target that wants any of it; warnings for those that could not be told."""
    findings = []
    if any(_EXPIRING in notice.on for notice in workspace.settings.notify):
        told = _news(watch, told)
    for place, notice in enumerate(workspace.settings.notify):
        wanted = {name: words for name, words in told.items() if _ON.get(name, name) in notice.on}
        if not wanted:
            continue
        secret = workspace.secret(notice.to, "notify", place, "to")
        if secret.variable is not None and secret.environ.get(secret.variable) == "":
            continue
        try:
            title = ", ".join(_ON.get(name, name) for name in wanted)
            _send(secret.reveal(), f"pleoctl {watch.command}: {title}", _body(watch, wanted))
        except PleoctlError as error:
            findings += [
                Finding("not-told", f"{notice.to}: {one.message}", "warning", hint=one.hint) for one in error.findings
            ]
    return findings


def _news(watch: Watch, told: dict[str, str]) -> dict[str, str]:
    """What is to be told now: that a credential ends soon only once a day, as far as this machine remembers."""
    if _ENDING not in told:
        return told
    subject = "\n".join([watch.company or "", told[_ENDING]])
    now = this_machine().time()
    with suppress(PleoctlError, OSError, ValueError):
        path = this_machine().state_folder() / "told" / hashlib.sha256(subject.encode()).hexdigest()[:_NAME_LETTERS]
        if path.exists() and 0 <= now - float(path.read_text(encoding="utf-8")) < _DAY:
            return {name: words for name, words in told.items() if name != _ENDING}
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomically(path, str(now).encode(), mode=0o600)
    return told


def _body(watch: Watch, wanted: Mapping[Any, str]) -> str:
    lines = [f"company {watch.company}", *wanted.values()]
    if watch.run is not None:
        lines.append(f"run {watch.run}: pleoctl log {watch.run}")
    return "\n".join(lines)


def _send(url: str, title: str, body: str) -> None:
    """Raises `PleoctlError` without a word of the url, which is a secret, or of the answer."""
    try:
        import apprise  # noqa: F401 - looked for here, where its absence can be told
    except ImportError as error:
        raise MissingExtra("notices need another package", hint="pip install 'pleoctl[notify]'") from error
    problems: list[PleoctlError] = []

    def send() -> None:
        try:
            _hand_over(url, title, body)
        except PleoctlError as error:
            problems.append(error)

    # Apprise's time-outs are for each read, and whoever answers byte by byte would keep the run.
    if not done_within(MOST_SECONDS, send, "pleoctl-notice"):
        raise PleoctlError(f"the notice was not taken within {MOST_SECONDS:g} s")
    if problems:
        raise problems[0]


def _hand_over(url: str, title: str, body: str) -> None:
    from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

    class Here(AppriseAsset):
        """Sends on this thread: the process waits at its end for those of Apprise's own pool, however long that is."""

        async_mode = False
        _service_timeout = 0.0

    with _silent():
        target = Apprise(asset=Here())
        try:
            known = target.add(url) or target.add(_as_json(url))
            sent = known and target.notify(
                body=body, title=title, notify_type=NotifyType.WARNING, body_format=NotifyFormat.TEXT
            )
        except Exception as error:  # noqa: BLE001 - plug-ins of many hands; no notice ends a run
            raise PleoctlError(f"the notice could not be sent ({type(error).__name__})") from None
    if not known:
        raise PleoctlError("is no url that notices can be sent to", hint="see the list of services of Apprise")
    if not sent:
        raise PleoctlError("the notice could not be sent")


def _as_json(url: str) -> str:
    """A plain web address as Apprise calls one that takes JSON, which keeps of a query only what has a ``-``."""
    parts = urlsplit(url)
    scheme = {"http": "json", "https": "jsons"}.get(parts.scheme, parts.scheme)
    pairs = [(f"-{name}", value) for name, value in parse_qsl(parts.query, keep_blank_values=True)]
    query = urlencode(pairs, quote_via=quote)  # it takes a plus for itself
    return urlunsplit((scheme, parts.netloc, parts.path, query, ""))


@contextmanager
def _silent() -> Iterator[None]:
    """Apprise logs addresses, which hold secrets."""
    log = logging.getLogger("apprise")
    before = log.disabled
    log.disabled = True
    try:
        yield
    finally:
        log.disabled = before
