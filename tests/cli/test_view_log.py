from __future__ import annotations

import logging

import pytest

from vigil.cli.view_log import LogFile, remark
from vigil.logs import Lines


@pytest.fixture
def log(tmp_path):
    log = LogFile(tmp_path / "run/vigil.log", largest_bytes=400)
    yield log
    log.close()


def say(log: LogFile, text: str) -> None:
    with log.path.open("a") as file:
        file.write(text)


def line(level: int, message: str, **extra: str) -> str:
    """A line as the processes write it."""
    record = logging.LogRecord("vigil.processes.guard", level, "", 0, message, (), None)
    record.__dict__.update(extra)
    return Lines(time=True, priority=False).format(record)


@pytest.mark.parametrize(
    "message", ["short", 'he said "no" \\ and left', "two\nlines\tand a tab", "ümläute – and dashes"]
)
def test_a_warning_is_read_as_it_was_written(message):
    assert remark(line(logging.WARNING, message)) == f"guard: {message}"


def test_a_warning_about_a_camera_names_the_camera():
    assert remark(line(logging.ERROR, "lost", camera="gate")) == "gate: lost"


def test_what_is_no_warning_is_not_shown():
    assert remark(line(logging.INFO, "all is well")) == ""
    assert remark("[h264 @ 0x55] error while decoding MB 12 7") == ""
    assert remark("level=warning") == ""


def test_a_crash_is_shown_by_its_last_line():
    traceback = ["Traceback (most recent call last):", '  File "x.py", line 3, in <module>', "ValueError: not a number"]

    assert [remark(one) for one in traceback] == ["", "", "crashed: ValueError: not a number"]


def test_only_what_is_new_is_told_and_only_whole_lines(log):
    say(log, line(logging.WARNING, "one") + "\n" + line(logging.WARNING, "two")[:30])
    assert log.warnings() == ["guard: one"]

    say(log, line(logging.WARNING, "two")[30:] + "\n")
    assert log.warnings() == ["guard: two"]
    assert log.warnings() == []


def test_what_an_earlier_run_wrote_is_old(tmp_path):
    path = tmp_path / "vigil.log"
    path.write_text(line(logging.WARNING, "yesterday") + "\n")

    log = LogFile(path)

    assert log.warnings() == []
    log.close()


def test_a_log_stays_bounded_while_others_write_to_it(log):
    with log.path.open("a", buffering=1) as child:
        for number in range(50):
            child.write(line(logging.WARNING, f"number {number}") + "\n")
            assert log.warnings() == [f"guard: number {number}"]

    assert log.path.stat().st_size <= 500
    assert (log.path.parent / "vigil.log.old").stat().st_size <= 500


def test_a_log_is_for_its_owner_alone(log):
    assert log.path.stat().st_mode & 0o077 == 0
