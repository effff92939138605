"""A Pleo with one export job and a workspace that books it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from api_books import TOKEN, ApiBooks
from api_books import serving as serving_api
from clocks import FakeTime
from export_pleo import COMPANY, World, serving
from job_rules import BAS
from pleoctl.machine import on

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from job_outcomes import MakeBooks, MakeSandboxBooks
    from pleoctl.sandbox import Sandbox
    from shapes import Json, Value
    from tests.conftest import MakeWorkspace


@pytest.fixture
def world() -> Iterator[World]:
    """A Pleo with one pending job of three items, which judges each call of the test."""
    with serving(World()) as running:
        yield running
        assert running.violations == []


@pytest.fixture
def time() -> Iterator[FakeTime]:
    """A clock on which waiting takes no time."""
    clock = FakeTime()
    with on(clock):
        yield clock


@pytest.fixture
def books(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeBooks:
    """Factory of workspaces; without a sink, beancount files in ``books``."""

    def make(sink: Json | None = None, /, **sections: Value) -> Path:
        data = {
            "apiVersion": "pleoctl/v1",
            "kind": "Workspace",
            "company": COMPANY,
            "pleo": {"url": world.url, "auth": {"apiKey": "env:PLEO_API_KEY"}},
            "mapping": "mapping.yaml",
            "sink": sink or {"type": "beancount", "path": "books"},
            **sections,
        }
        text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in data.items())
        (tmp_path / "pleoctl.yaml").write_text(text)
        (tmp_path / "mapping.yaml").write_text(BAS)
        monkeypatch.chdir(tmp_path)
        return tmp_path

    return make


@pytest.fixture
def sandbox_books(pleo: Sandbox, workspace: MakeWorkspace) -> MakeSandboxBooks:
    """Factory of workspaces for the sandbox."""

    def make(**sections: Value) -> Path:
        sink = {"type": "beancount", "path": "books"}
        folder: Path = workspace(pleo, mapping="mapping.yaml", sink=sink, **sections)
        (folder / "mapping.yaml").write_text(BAS)
        return folder

    return make


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiBooks]:
    """Empty books behind an API."""
    monkeypatch.setenv("AS_TOKEN", TOKEN)
    with serving_api(ApiBooks()) as running:
        yield running
