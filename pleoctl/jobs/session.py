"""From a workspace to what its jobs need: the books, the rules, the memory of a job, the run of a plan."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

from pleoctl.documents.canonical import digest
from pleoctl.documents.files import keep_inside
from pleoctl.jobs.apply import JobRun
from pleoctl.jobs.document import PostingHead, RulesHead, SinkHead
from pleoctl.jobs.fetch import Fetcher
from pleoctl.jobs.memory import JobMemory
from pleoctl.jobs.past import Past
from pleoctl.jobs.plan import Books, Mapper, Planner
from pleoctl.jobs.used import FILE as USED
from pleoctl.mapping.context import engine_of
from pleoctl.remote.transport import Counts
from pleoctl.run.shared import Runs
from pleoctl.sinks.identity import books_name
from pleoctl.sinks.opening import open_sink, publisher, section_of

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from pleoctl.jobs.document import PostingPlan
    from pleoctl.pleo.export_jobs import ExportJob, ExportReader, ExportWriter
    from pleoctl.workspace import Workspace


@dataclasses.dataclass(frozen=True, slots=True)
class JobSession:
    """A workspace's books and rules, opened once for all the jobs of a command."""

    workspace: Workspace
    books: Books
    mapper: Mapper

    @classmethod
    def of(cls, workspace: Workspace) -> JobSession:
        """Raises `InvalidFile`, `Refused`."""
        section, posting = section_of(workspace), workspace.settings.posting
        books = Books(
            open_sink(workspace),
            SinkHead(section["type"], digest(section)),
            PostingHead(posting.draft, posting.closed_period, posting.attachments),
            Past(folder_of(workspace), books_name(section, workspace.root), Runs.of(workspace).store),
            published="path" not in section or "publish" in section,
        )
        engine = engine_of(workspace)
        rules = engine.rules
        return cls(workspace, books, Mapper(engine, RulesHead(rules.digest, sorted(rules.inputs))))

    def close(self) -> None:
        """Give back what is held open."""
        self.books.sink.close()

    def memory(self, job: str) -> JobMemory:
        """What this workspace remembers of a job."""
        return JobMemory(folder_of(self.workspace), job, Runs.of(self.workspace).store)

    def plan(
        self, reader: ExportReader, job: ExportJob, before: Counts | None = None, *, again: bool = False
    ) -> PostingPlan:
        """The plan of a job; the reader's requests ``before`` are none of its. ``again`` as `Planner` has it."""
        elsewhere = job.status == "in_progress" and not self.memory(job.id).started
        planner = Planner(reader, self.books, self.mapper, self.workspace.url, before=before or Counts(), again=again)
        return planner.plan(job, elsewhere=elsewhere)

    def run(
        self, plan: PostingPlan, pleo: ExportWriter, runs: Runs, stop: threading.Event, *, take_over: bool
    ) -> JobRun:
        """The run of a plan; its attachments lie beside the memory of its job."""
        folder = _place(self.workspace, "attachments") / plan.job.id
        keep_inside(folder, self.workspace.root, self.workspace.shown(folder.parent))
        return JobRun(
            plan=plan,
            pleo=pleo,
            books=self.books,
            mapper=self.mapper,
            fetcher=Fetcher(folder, loopback=self.workspace.is_loopback),
            memory=self.memory(plan.job.id),
            runs=runs,
            stop=stop,
            publish=publisher(self.workspace) or _nothing,
            take_over=take_over or self.workspace.settings.jobs.take_over,
        )


def folder_of(workspace: Workspace) -> Path:
    """Where a workspace remembers its jobs. Raises `Refused` where a link takes it out of the workspace."""
    folder = _place(workspace, "jobs")
    keep_inside(folder / USED, workspace.root, workspace.shown(folder))
    return folder


def _place(workspace: Workspace, name: str) -> Path:
    """A folder beside the workspace's runs; for a workspace that cannot be written, beside its runs elsewhere."""
    own, *elsewhere = workspace.runs
    if not elsewhere or _takes_files(own):
        return own.parent / name
    return elsewhere[0].parent.parent / name / elsewhere[0].name


def _takes_files(folder: Path) -> bool:
    """Whether a folder can be written, or made."""
    there = next((one for one in (folder, *folder.parents) if one.exists()), folder)
    return os.access(there, os.W_OK)


def _nothing() -> None:
    """The books need no publishing."""
