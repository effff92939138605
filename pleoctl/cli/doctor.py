"""``pleoctl doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pleoctl.cli.boundary import Options, Output
from pleoctl.cli.common import as_command, open_workspace
from pleoctl.cli.signing import TARGETS, sign_ins, words
from pleoctl.errors import ExitCode, Finding, PleoctlError
from pleoctl.pleo.connecting import connected
from pleoctl.text import Shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pleoctl.model.kind import Kind
    from pleoctl.pleo.export_jobs import ExportReader
    from pleoctl.pleo.reader import Introspection
    from pleoctl.watch import Ending
    from pleoctl.workspace import Workspace


_TAGS: Final = "tags"
_JOBS: Final = "jobs"
# How each sign-in is called in text and in JSON.
_LABELS: Final = {"pleo": "sign-in", "source": "source", "sink": "sink"}
_KEYS: Final = {"pleo": "signIn", "source": "sourceSignIn", "sink": "sinkSignIn"}


@as_command("doctor")
def command(options: Options) -> Output:
    """Ask Pleo who this credential is and what it may do.

    Reads each list once. Tells what is missing: scopes, access to the company, a wrong environment; how the sign-ins
    to Pleo, the source and the sink stand, and which credentials end soon. A state that machines share is tried first:
    that it can be reached, its tables and rights, its locks.

    Examples:
    pleoctl doctor

    """
    from pleoctl.model.kinds import ACCOUNT
    from pleoctl.pleo.export_jobs import ExportReader
    from pleoctl.remote.errors import Unauthorised
    from pleoctl.watch import watched

    workspace = open_workspace(options)
    shared = _examined(workspace)
    with connected(workspace, ExportReader) as reader:
        told = reader.introspect()
        findings = _identity(workspace, told)
        managed, always = _managed(workspace), (ACCOUNT.section, _TAGS)
        reads = {what: _probe(reader, what) for what, used in managed.items() if used or what in always}
    for what, problem in reads.items():
        # A credential may lack what the workspace has no use for; a list that fails otherwise is a fault.
        if problem is not None and (managed[what] or not isinstance(problem, Unauthorised)):
            findings.append(Finding("no-read", problem.message))
    readable = {what: problem is None for what, problem in reads.items()}
    wrong_company = any(f.code == "other-company" for f in findings)
    failed = any(f.level == "error" for f in findings)
    code = ExitCode.REFUSED if wrong_company else ExitCode.ERROR if failed else ExitCode.OK
    signed, problems = sign_ins(workspace)
    ending = [_ends(what, ending) for what, ending in watched().ending.items()]
    lines = [
        *_lines(workspace, told, readable),
        *([f"state     {shared}"] if shared else []),
        *(f"{_LABELS[target]:<9} {words(one)}" for target, one in signed.items()),
    ]
    data = {
        **_data(workspace, told, readable),
        "state": shared,
        **{_KEYS[target]: signed.get(target) for target in TARGETS},
    }
    return Output(Shown.lines(lines), data, [*findings, *problems, *ending], code)


def _examined(workspace: Workspace) -> str | None:
    """The state that machines share, tried; None without one.

    Raises what is wrong with it. Pleo is not asked then, since what is sent is counted there first.
    """
    from pleoctl.state.opening import state_of

    return None if workspace.state is None else state_of(workspace).examine()


def _ends(what: tuple[str, str], ending: Ending) -> Finding:
    from pleoctl.watch import SIGN_IN

    section, kind = what
    cure = "make a new one, and name its day in expires"
    if kind == SIGN_IN:
        cure = f"run `pleoctl login{'' if section == 'pleo' else f' --target {section}'}`"
    return Finding("expiring", ending.words(*what), "warning", hint=cure)


def _lines(workspace: Workspace, told: Introspection, readable: dict[str, bool]) -> Iterator[str]:
    yield f"url       {workspace.url}"
    yield f"company   {workspace.company}"
    yield f"method    {told.method}"
    yield f"scopes    {' '.join(sorted(told.scopes)) or 'not told'}"
    for what, could in readable.items():
        yield f"{what:<9} {'readable' if could else 'not readable'}"


def _data(workspace: Workspace, told: Introspection, readable: dict[str, bool]) -> dict[str, Any]:
    return {
        "url": workspace.url,
        "company": workspace.company,
        "authMethod": told.method,
        "subject": told.subject,
        "scopes": sorted(told.scopes),
        "readable": readable,
    }


def _probe(reader: ExportReader, what: str) -> PleoctlError | None:
    from pleoctl.pleo.kinds import probe

    try:
        if what == _JOBS:
            reader.probe_jobs()
        for kind in _kinds(what):
            probe(kind, reader)
    except PleoctlError as error:
        return error
    return None


def _identity(workspace: Workspace, told: Introspection) -> list[Finding]:
    """The company behind the credential, and the scopes that the workspace will need."""
    findings = []
    subject = (told.subject or "").lower()
    if ":company:" in subject and not subject.endswith(workspace.company):
        words = f"the credential belongs to {told.subject}, the workspace to {workspace.company}"
        hint = "set company in pleoctl.yaml, or use another credential"
        findings.append(Finding("other-company", words, hint=hint))
    if told.scopes:
        needed = _needed(workspace).items()
        findings += [_missing(scope, reads=reads) for scope, reads in needed if not _has(told.scopes, scope)]
    return findings


def _managed(workspace: Workspace) -> dict[str, bool]:
    """What this workspace works on: sections of its desired state and its source, selected tags, jobs where booked."""
    from pleoctl.desired.read import load_desired
    from pleoctl.model.kinds import ACCOUNT, flat_kinds

    try:
        found = set(load_desired(workspace.desired_files).flat)
    except PleoctlError:
        found = set()
    section = workspace.source or {}
    named = {*section, *section.get("resources", ())}
    return {
        ACCOUNT.section: True,
        _TAGS: workspace.selected is not None,
        _JOBS: workspace.settings.sink is not None,
        **{kind.section: kind.name in found or kind.section in named for kind in flat_kinds() if kind is not ACCOUNT},
    }


def _needed(workspace: Workspace) -> dict[str, bool]:
    """The scopes, and of each whether it is to read by."""
    from pleoctl.pleo.export_jobs import ITEMS_READ, JOBS_READ, JOBS_WRITE
    from pleoctl.pleo.kinds import scopes

    used = [kind for what, used in _managed(workspace).items() if used for kind in _kinds(what)]
    needed = {scope: reads for kind in used for scope, reads in zip(scopes(kind), (True, False), strict=True)}
    booking = {JOBS_READ: True, ITEMS_READ: True, JOBS_WRITE: False}
    return needed | booking if workspace.settings.sink is not None else needed


def _kinds(what: str) -> list[Kind]:
    """The kinds behind a word of ours: tags need their groups as well."""
    from pleoctl.model.kinds import TAG, TAG_GROUP, flat_kinds

    return [TAG_GROUP, TAG] if what == _TAGS else [kind for kind in flat_kinds() if kind.section == what]


def _has(scopes: frozenset[str], wanted: str) -> bool:
    # An older list of scopes has the plural (tag-groups:read).
    return wanted in scopes or wanted.replace("tag-group:", "tag-groups:") in scopes


def _missing(scope: str, *, reads: bool) -> Finding:
    words = f"the credential lacks the scope {scope}"
    if reads:
        return Finding("missing-scope", words, hint="ask an admin for it in Pleo")
    return Finding("missing-scope", words, "warning", hint="planning works without it, applying does not")
