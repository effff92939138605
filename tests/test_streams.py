"""Streams that never raise: readers that go away, stop or are slow; disks that are full."""

from __future__ import annotations

import errno
import io
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pleoctl.streams import Steady, Whole

if TYPE_CHECKING:
    from collections.abc import Iterator

MORE_THAN_A_PIPE_HOLDS = b"x" * 300_000


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Both ends of a pipe; whichever is still open is closed afterwards."""
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue


class _Reader(threading.Thread):
    """Reads a pipe to its end."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.content = b""
        self._descriptor = descriptor

    def run(self) -> None:
        while data := os.read(self._descriptor, 1024 * 1024):
            self.content += data


def _all_of(pipe: tuple[int, int], stream: Steady) -> bytes:
    """What arrives once somebody reads and the stream is done."""
    reader = _Reader(pipe[0])
    reader.start()
    stream.hand_over(None)
    os.close(pipe[1])
    reader.join()
    return reader.content


@pytest.mark.parametrize("patient", [True, False])
def test_a_reader_that_went_away_is_no_failure(pipe: tuple[int, int], *, patient: bool) -> None:
    """Everything is taken, now and later; `lost` says so, `failure` does not."""
    os.close(pipe[0])
    stream = Steady(pipe[1], patient=patient)
    assert [stream.write(b"one"), stream.write(MORE_THAN_A_PIPE_HOLDS)] == [3, 300_000]
    assert stream.lost is not None
    assert stream.failure is None


@pytest.mark.parametrize("patient", [True, False])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_remembered(*, patient: bool) -> None:
    """The write is taken all the same; `failure` keeps the reason."""
    with Steady(os.open("/dev/full", os.O_WRONLY), patient=patient, close=True) as stream:
        assert stream.write(b"one") == 3
    assert stream.failure is not None
    assert stream.failure.errno == errno.ENOSPC


def test_a_closed_descriptor_is_remembered(pipe: tuple[int, int]) -> None:
    """As a failure that is not the reader's."""
    os.close(pipe[1])
    stream = Steady(pipe[1])
    stream.write(b"one")
    assert stream.failure is not None
    assert stream.failure.errno == errno.EBADF


def test_an_impatient_stream_keeps_what_a_stopped_reader_does_not_take(pipe: tuple[int, int]) -> None:
    """It does not wait; all of it arrives in order once the reader goes on."""
    stream = Steady(pipe[1], patient=False)
    stream.write(MORE_THAN_A_PIPE_HOLDS)
    stream.write(b"end")
    stream.hand_over(0)
    assert _all_of(pipe, stream) == MORE_THAN_A_PIPE_HOLDS + b"end"


def test_an_impatient_stream_forgets_what_is_too_much(pipe: tuple[int, int]) -> None:
    """Memory is bounded, whatever a run has to say to a reader that never reads."""
    stream = Steady(pipe[1], patient=False)
    for _ in range(30):
        stream.write(b"x" * 1024 * 1024)
    assert 16 * 1024 * 1024 <= len(_all_of(pipe, stream)) <= 18 * 1024 * 1024


def test_a_pipe_that_others_made_non_blocking_is_waited_for(pipe: tuple[int, int]) -> None:
    """As programs of other languages do with a pipe they share."""
    os.set_blocking(pipe[1], False)
    stream = Steady(pipe[1])
    reader = _Reader(pipe[0])
    reader.start()
    stream.write(MORE_THAN_A_PIPE_HOLDS)
    os.close(pipe[1])
    reader.join()
    assert reader.content == MORE_THAN_A_PIPE_HOLDS
    assert stream.lost is None


def test_a_patient_stream_can_be_told_to_hurry(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of a write to a stopped reader: it waits no more, and what is still taken is whole."""
    stream, write = Steady(pipe[1]), os.write

    def signalled(_descriptor: int, content: bytes) -> int:
        monkeypatch.setattr("os.write", write)
        stream.hurry()
        assert len(content) == 300_000
        raise KeyboardInterrupt

    monkeypatch.setattr("os.write", signalled)
    with pytest.raises(KeyboardInterrupt):
        stream.write(MORE_THAN_A_PIPE_HOLDS)
    stream.write(b"end")
    stream.hand_over(0)
    assert _all_of(pipe, stream) == MORE_THAN_A_PIPE_HOLDS + b"end"


def test_an_input_that_somebody_made_non_blocking_is_read_to_its_end(pipe: tuple[int, int]) -> None:
    """What is not there yet is waited for; each read that gives nothing would be the end of the data."""
    os.set_blocking(pipe[0], False)
    found: list[bytes] = []
    with io.BufferedReader(Whole(pipe[0])) as stream:
        reader = threading.Thread(target=lambda: found.append(stream.read()))
        reader.start()
        for part in (MORE_THAN_A_PIPE_HOLDS, b"the end"):
            assert os.write(pipe[1], part) == len(part)
        os.close(pipe[1])
        reader.join()
    assert found == [MORE_THAN_A_PIPE_HOLDS + b"the end"]
