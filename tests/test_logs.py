"""One line a record, readable by people and by grep, and never a password in it."""

from __future__ import annotations

import io
import logging

import pytest

from vigil import logs
from vigil.errors import ConfigError

pytestmark = pytest.mark.usefixtures("root_logger_as_before")

LOG = logging.getLogger("vigil.record")


@pytest.fixture
def out(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    stream = io.StringIO()
    logs.set_up("info", stream=stream)
    return stream


def test_a_record_is_one_line_of_words_and_values(out: io.StringIO):
    LOG.warning("no picture for %d s", 10, extra={"camera": "front", "tries": 3})

    assert out.getvalue() == 'level=warning part=record camera=front tries=3 msg="no picture for 10 s"\n'


def test_values_that_break_lines_are_quoted(out: io.StringIO):
    LOG.info('a\nb="c"', extra={"camera": "x y", "empty": ""})

    assert out.getvalue() == 'level=info part=record camera="x y" empty="" msg="a\\nb=\\"c\\""\n'


def test_an_exception_stays_on_its_line(out: io.StringIO):
    try:
        raise OSError("cannot open rtsp://me:hush@10.0.0.5/x")
    except OSError:
        LOG.exception("gone")

    assert out.getvalue().count("\n") == 1
    assert 'msg=gone why="Traceback' in out.getvalue()
    assert "OSError: cannot open rtsp://***@10.0.0.5/x" in out.getvalue()


@pytest.mark.parametrize(
    "speak",
    [
        lambda: LOG.error("cannot open rtsp://me:hush@10.0.0.5/x"),
        lambda: LOG.error("cannot open %s", "rtsp://me:hush@10.0.0.5/x"),
        lambda: LOG.error("cannot open", extra={"url": "rtsp://me:hush@10.0.0.5/x"}),
        lambda: LOG.error({"url": "rtsp://me:hush@10.0.0.5/x"}),
        lambda: logging.getLogger("libav.rtsp").error("rtsp://me:hush@10.0.0.5/x refused"),
    ],
)
def test_no_way_of_logging_shows_a_password(out: io.StringIO, speak):
    speak()

    assert "10.0.0.5" in out.getvalue()
    assert "hush" not in out.getvalue()


def test_a_wrong_number_of_arguments_costs_no_record_and_shows_no_password():
    record = logging.makeLogRecord(
        {"name": "vigil", "msg": "cannot open %s %s", "args": ("rtsp://me:hush@10.0.0.5/x",)}
    )

    line = logs.Lines(time=False, priority=False).format(record)

    assert "cannot open %s %s" in line
    assert "rtsp://***@10.0.0.5/x" in line


def test_the_level_can_be_changed_while_running(out: io.StringIO):
    LOG.debug("one")
    logs.set_level("DEBUG")
    LOG.debug("two")
    logs.set_level("error")
    LOG.warning("three")

    assert [line.split("msg=")[1] for line in out.getvalue().splitlines()] == ["two"]


def test_a_level_that_does_not_exist_is_refused(out: io.StringIO):
    with pytest.raises(ConfigError, match="give debug, info, warning, error"):
        logs.set_level("loud")


def test_plain_lines_begin_with_the_time():
    stream = io.StringIO()
    logs.set_up("info", plain=True, stream=stream)

    LOG.handle(logging.makeLogRecord({"name": "vigil", "levelname": "INFO", "levelno": 20, "msg": "x", "created": 1.5}))

    assert stream.getvalue() == "at=1970-01-01T00:00:01.500Z level=info part=vigil msg=x\n"


def test_under_systemd_a_line_begins_with_its_priority(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("JOURNAL_STREAM", "8:12345")
    stream = io.StringIO()
    logs.set_up("info", stream=stream)

    LOG.warning("x")
    LOG.critical("y")

    assert stream.getvalue() == "<4>level=warning part=record msg=x\n<2>level=critical part=record msg=y\n"


def test_setting_up_again_does_not_write_twice(out: io.StringIO):
    logs.set_up("info", stream=out)

    LOG.info("once")

    assert out.getvalue().count("\n") == 1
