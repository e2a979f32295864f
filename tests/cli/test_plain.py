from __future__ import annotations

import io
import logging

import pytest

from fakes.watching import NOTE, REFUSED, SECOND, health, status
from vigil.cli.plain import PlainLines
from vigil.clock import HandClock
from vigil.events import Lit
from vigil.processes.place import Place
from vigil.processes.supervisor import Child


class Reader:
    """Somebody who reads plain lines."""

    def __init__(self, data, out=None):
        self.clock = HandClock()
        self.out = out or io.StringIO()
        self.lines = PlainLines(Place(data), [NOTE], clock=self.clock, out=self.out)

    def second(self, *messages) -> None:
        self.clock.forward_us(SECOND)
        for message in messages:
            self.lines.take(message)
        self.lines.draw()

    def read(self) -> list[str]:
        said = self.out.getvalue().splitlines()
        self.out.seek(0)
        self.out.truncate()
        return said


@pytest.fixture
def reader(tmp_path):
    return Reader(tmp_path)


def test_the_notes_come_first(reader):
    assert reader.read() == [f'at=2026-02-02T02:40:00.000Z what=note msg="{NOTE}"']


def test_a_camera_is_told_at_once_then_every_ten_seconds(reader):
    reader.read()
    told = []
    for _ in range(25):
        reader.second(status(), health())
        told.append(sum(line.split()[1] == "what=camera" for line in reader.read()))

    assert [second + 1 for second, count in enumerate(told) if count] == [1, 10, 20]


def test_a_line_has_what_one_greps_for(reader):
    reader.read()
    reader.second(status(motion=True, motion_area_pm=20))

    (line,) = reader.read()

    for pair in (
        "what=camera", "camera=demo", "state=recording", "mode=motion", "fps=25", "bit_rate=4100000", "pre_roll_s=5.2",
        "durable_age_s=0.8", "motion=yes", "segment=12", "segment_bytes=14200000", "picture=ok", "clock=synced",
    ):  # fmt: skip
        assert pair in line.split()


def test_what_is_unknown_is_left_out(reader):
    reader.read()
    reader.second(status(state="opening", fps=-1.0, bit_rate=-1, durable_age_s=-1.0, segment=0, segment_bytes=0))

    (line,) = reader.read()

    assert "-1" not in line
    assert not {"fps", "bit_rate", "durable_age_s", "segment", "fault"} & {pair.split("=")[0] for pair in line.split()}


def test_a_change_of_state_and_its_fault_are_told_at_once(reader):
    reader.second(status(), health())
    reader.read()

    reader.second(status(state="lost", fault=REFUSED), health())
    lost = reader.read()
    reader.second(status(state="lost", fault=REFUSED), health())
    still = reader.read()
    reader.second(status(), health())
    back = reader.read()

    assert any("state=lost" in line for line in lost)
    assert sum(f'what=fault msg="demo: {REFUSED}"' in line for line in lost) == 1
    assert still == []
    assert any("what=fault-over" in line for line in back)
    assert any("state=recording" in line for line in back)


def test_a_fault_goes_with_the_words_with_which_it_came(reader):
    card = {"id": "card.failing", "subject": "", "what": "card", "why": "it goes bad", "level": "failed"}
    for state in ("standing", "settling"):
        reader.second(status(), health(probes=[{**card, "state": state}]))
    reader.second(status(), health())

    told = [line.partition("what=")[2] for line in reader.read() if "what=fault" in line]
    assert told == ['fault msg="card: it goes bad"', 'fault-over msg="card: it goes bad"']


def test_disk_and_journal_are_told_every_ten_seconds(reader):
    for _ in range(40):
        reader.second(status(), health())

    (line,) = [line for line in reader.read() if "what=kept" in line][-1:]

    for pair in ("free_bytes=212000000000", "entries=1204", "checkpoint=1201", "log_id=3f9a2c1b77e01d42", "faults=0"):
        assert pair in line.split()


def test_a_process_that_ends_is_told_once(reader):
    child = Child("guard", [], last_exit="signal 9", restarts=1)
    reader.read()

    for _ in range(3):
        reader.lines.processes([child])

    assert len([line for line in reader.read() if 'state="ended with signal 9"' in line]) == 1


def test_the_end_names_the_recordings_and_what_to_try(reader, tmp_path):
    reader.second(status())
    reader.read()

    reader.lines.ending()
    reader.lines.close()

    told = "\n".join(reader.read())
    assert "what=ending" in told
    assert f"Recorded, sealed, in {tmp_path / 'video'}:" in told
    assert f"vigil verify {tmp_path}" in told


class Leaver(io.StringIO):
    """A reader that goes away after two lines, as `head -2` does."""

    def write(self, text):
        if self.getvalue().count("\n") >= 2:
            raise BrokenPipeError(32, "Broken pipe")
        return super().write(text)


def test_a_reader_that_goes_away_ends_the_lines_and_not_the_recording(tmp_path, caplog):
    reader = Reader(tmp_path, Leaver())

    with caplog.at_level(logging.WARNING):
        for state in ("opening", "recording", "lost"):
            reader.second(status(state=state))
        reader.lines.close()

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "recording goes on" in caplog.text


def test_secrets_and_line_breaks_do_not_reach_the_lines(reader):
    reader.read()
    reader.second(status(state="lost", fault='rtsp://me:hunter2@host said "no"\nand more'))

    for line in reader.read():
        assert "hunter2" not in line
        assert "\\n" not in line


def test_a_change_of_the_alarm_is_told_once_and_lamps_not_at_all(reader):
    reader.read()
    reader.second(health(arm="disarmed"), Lit(levels={"arm": "0"}))
    reader.second(health(arm="arming"), Lit(levels={"arm": "100"}))
    reader.second(health(arm="arming"))

    said = [" ".join(line.split()[1:]) for line in reader.read()]
    assert said == ["what=verdict level=ok blinks=0", "what=arm state=disarmed", "what=arm state=arming"]
    assert reader.lines.typed() == ""
