from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.watching import BEGAN, NOTE, REFUSED, SECOND, SOURCE, crashed, health, status, watched, with_process
from vigil.events import Health, Lit, Status
from vigil.processes.panorama import Panorama, with_lamps, with_message, with_remarks
from vigil.processes.panorama_cameras import Shown
from vigil.processes.panorama_lines import Tone, plain, width_of
from vigil.processes.panorama_page import Caption, Page
from vigil.processes.panorama_summary import summary

CAPTION = Caption(version="0.1.0", data="/srv/vigil", notes=(NOTE,), log="/srv/vigil/run/vigil.log")


def page(panorama: Panorama, now_us: int, width: int, height: int, caption: Caption = CAPTION) -> list[str]:
    lines = Page(panorama, now_us, caption, width=width, height=height, time_of_day=lambda _: "13:37:00").lines()
    assert len(lines) == height
    assert {width_of(line) for line in lines} == {width}
    return [plain(line) for line in lines]


def text_of(panorama: Panorama, now_us: int, width: int, height: int) -> str:
    return "\n".join(page(panorama, now_us, width, height))


def said(lines: str) -> str:
    """The page as running text: what was wrapped is joined, boxes are gone."""
    return " ".join("".join(" " if c in "│╭╮╰╯─" else c for c in lines).split())


@pytest.mark.parametrize(("width", "height"), [(80, 24), (140, 40)])
def test_everything_about_a_camera_is_on_the_page(width, height):
    panorama, now_us = watched(130, status(motion=True, motion_area_pm=31))

    shown = text_of(panorama, now_us, width, height)

    for fact in (
        "● recording for 2 min", "25.0 fps", "4.1 Mbit/s", "now, 3.1 %", "0.8 s ago", "pre-roll 5.2 s",
        "segment 14 · 5.0 MB", "picture   ok", "1280×720 H.264", "encoder: libx264",
        "212 GB free of 480 GB", "3.1 GB in 52 segments", "room for about 5 days at this rate",
        "1,204 entries", "checkpoint at 1,201", "log 3f9a2c1b", "clock     synced", "faults    none",
        "signer", "guard", "record@demo", "pid 4711", "up 2 min",
        "Vigil 0.1.0", "/srv/vigil", NOTE, "0:02:10", "Ctrl-C seals and stops",
    ):  # fmt: skip
        assert fact in shown
    assert "…" not in shown


def test_unknown_is_a_dash_and_never_minus_one():
    bare = Status(camera="demo", state="opening", mode="motion")
    panorama, now_us = watched(3, bare, guard=health(log_id="", checkpoint=0, total_bytes=0, free_bytes=0))

    shown = text_of(panorama, now_us, 80, 24)

    assert "-1" not in shown
    assert said(shown).count("–") == 6
    assert "journal   not open" in shown


def test_before_anybody_spoke_the_cameras_are_starting():
    panorama, _ = watched(0, status())
    panorama = replace(panorama, cameras=(panorama.camera("demo"),))

    shown = text_of(panorama, BEGAN + SECOND, 80, 24)

    assert "○ starting for 1 s" in shown
    assert "disk      –" in shown
    assert "-1" not in shown


def test_a_long_fault_is_wrapped_and_stays_whole():
    panorama, now_us = watched(3, status(state="lost", fault=REFUSED, segment=0))

    shown = text_of(panorama, now_us, 80, 24)

    assert f"× demo: {REFUSED}" in said(shown)
    assert "1 fault" in shown
    assert "faults    none" not in shown


def test_a_long_word_in_a_fault_is_broken_rather_than_cut():
    path = "/srv/" + "a-very-long-directory-name/" * 6
    panorama, now_us = watched(3, status(state="disk fault", fault=f"{path} cannot be written"))

    shown = text_of(panorama, now_us, 80, 24)

    assert path in "".join(line.strip("│ ") for line in shown.splitlines())


@pytest.mark.parametrize("cameras", [2, 4, 8])
def test_on_a_small_terminal_every_camera_still_has_its_line_and_every_fault_its_words(cameras):
    names = [f"camera-{number}" for number in range(cameras)]
    words = [status(name) for name in names[:-1]] + [status(names[-1], state="lost", fault=REFUSED)]
    panorama, now_us = watched(40, *words)

    shown = text_of(panorama, now_us, 80, 24)

    for name in names[:-1]:
        assert any(name in line and "recording" in line for line in shown.splitlines())
    assert f"× {names[-1]}: {REFUSED}" in said(shown)
    for fact in ("× 1 lost", f"● {cameras - 1} recording", "212 GB free", "Ctrl-C seals and stops", "0:00:40"):
        assert fact in shown


def test_where_not_every_camera_fits_those_in_trouble_come_first():
    words = [status(f"camera-{number}") for number in range(12)] + [status("gate", state="lost", fault=REFUSED)]
    panorama, now_us = watched(3, *words)

    lines = page(panorama, now_us, 80, 10)

    assert lines[1].startswith("× gate")
    assert any("more cameras" in line and "recording" in line for line in lines)
    assert any(REFUSED[:40] in line for line in lines)


def test_a_wide_terminal_shows_cards_side_by_side():
    panorama, now_us = watched(3, status("one"), status("two"))

    lines = page(panorama, now_us, 140, 40)

    assert any("╭─ one " in line and "╭─ two " in line for line in lines)
    assert any("╭─ kept " in line and "╭─ processes " in line for line in lines)


def test_a_card_is_red_around_a_camera_in_trouble():
    panorama, now_us = watched(3, status(state="lost", fault=REFUSED))

    lines = Page(panorama, now_us, CAPTION, width=80, height=24, time_of_day=str).lines()

    edge = next(line for line in lines if plain(line).startswith("╭─ demo"))
    assert edge[0].tone is Tone.BAD


def test_a_picture_that_waits_for_the_disk_is_seen_by_its_colour():
    for age_s, tone in ((0.8, Tone.GOOD), (5.0, Tone.WARN), (40.0, Tone.BAD)):
        panorama, now_us = watched(60, status(durable_age_s=age_s))
        assert Shown(panorama, panorama.camera("demo"), now_us).safe().tone is tone


def test_an_event_that_just_began_is_not_late():
    panorama, now_us = watched(60, status(state="watching", segment=0, durable_age_s=59.0))
    panorama = with_message(panorama, status(durable_age_s=60.0), now_us)

    assert Shown(panorama, panorama.camera("demo"), now_us + SECOND).safe().tone is Tone.GOOD


def test_a_silent_recorder_shows_no_figures_but_how_old_the_last_safe_picture_is():
    panorama, now_us = watched(10, status(durable_age_s=0.5))

    shown = text_of(panorama, now_us + 20 * SECOND, 80, 24)

    assert "× no word for 20 s" in shown
    assert "25.0 fps" not in shown
    assert "20 s ago" in shown


def test_a_process_that_died_is_told_with_its_restarts():
    panorama, now_us = watched(10, status())
    panorama = with_process(panorama, crashed("guard", retry_us=now_us + 8 * SECOND, restarts=3))

    shown = text_of(panorama, now_us, 80, 40)

    assert "starts again in 8 s" in shown
    assert "3 restarts" in shown


def test_warnings_are_shown_where_there_is_room():
    panorama, now_us = watched(3, status())
    panorama = with_remarks(panorama, ["keeper: demo was lost"], 0)

    assert "13:37:00  keeper: demo was lost" in text_of(panorama, now_us, 80, 40)
    assert "keeper: demo was lost" not in text_of(panorama, now_us, 80, 16)


def test_nothing_gives_way_while_there_is_room_for_it():
    """Taking away goes step by step; what was taken in vain is given back."""
    panorama, now_us = watched(40, *(status(f"camera-{n}") for n in range(4)))

    lines = page(panorama, now_us, 80, 24)

    shown = "\n".join(lines)
    assert "╭─ camera-0" not in shown
    assert "╭─ kept" in shown


def test_bars_show_a_gap_as_a_gap():
    panorama, now_us = watched(20, status())
    for second in range(10, 20):
        panorama = with_message(panorama, status(), now_us + second * SECOND)

    rate = next(line for line in page(panorama, now_us + 19 * SECOND, 140, 40) if "Mbit/s" in line)

    bars = rate.split("Mbit/s")[1].split("1 min")[0].strip()
    assert " " in bars
    assert set(bars) == {"▇", " "} or set(bars) == {"▆", " "}


def test_the_end_says_what_was_recorded_where_and_what_to_try(tmp_path):
    panorama, now_us = watched(130, status("gate"), status("door", state="watching", segment=0))

    told = "\n".join(summary(panorama, now_us, data=tmp_path, video=tmp_path / "video"))

    assert f"Recorded, sealed, in {tmp_path / 'video'}" in told
    assert "gate  3 segments (12 to 14), about 64.0 MB" in told
    assert "door" not in told
    for command in ("vigil list --data", "vigil export --data", "vigil verify"):
        assert f"{command} {tmp_path}" in told


def test_a_run_without_a_picture_says_so(tmp_path):
    panorama, now_us = watched(5, status(state="lost", segment=0))

    assert summary(panorama, now_us, data=tmp_path, video=tmp_path) == ["Ran for 5 s. Nothing was recorded."]


words = st.text(max_size=40)
numbers = st.one_of(st.floats(), st.integers(), st.floats(0, 100))
whole = st.one_of(st.integers(-1, 10**9), st.integers())
statuses = st.builds(
    Status, camera=words, state=st.one_of(words, st.sampled_from(["recording", "lost", "watching", "ended"])),
    mode=words, fps=numbers, bit_rate=whole, pre_roll_s=numbers, durable_age_s=numbers, motion=st.booleans(),
    motion_area_pm=whole, segment=whole, segment_bytes=whole, picture_check=words, clock=words, fault=words,
    source=st.dictionaries(st.sampled_from([*SOURCE, "address", "sound"]), words),
)  # fmt: skip
readings = st.dictionaries(
    st.sampled_from(["id", "subject", "level", "what", "why", "state", "since_us"]), st.one_of(words, whole)
)
healths = st.builds(
    Health, log_id=words, entries=whole, checkpoint=whole, free_bytes=whole, total_bytes=whole, video_bytes=whole,
    segments=whole, clock=words, faults=st.lists(words, max_size=3), since_us=whole, blinks=whole,
    level=st.one_of(words, st.sampled_from(["ok", "failed"])), probes=st.lists(readings, max_size=3),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    told=st.lists(st.one_of(statuses, healths), max_size=12),
    after_s=st.integers(0, 5000),
    width=st.integers(20, 200),
    height=st.integers(4, 60),
)
def test_whatever_is_said_the_page_keeps_its_shape_and_commands_nothing(told, after_s, width, height):
    panorama = Panorama(began_us=BEGAN)
    for number, message in enumerate(told):
        panorama = with_message(panorama, message, BEGAN + number * SECOND)

    for line in page(panorama, BEGAN + after_s * SECOND, width, height):
        assert line.isprintable()


@pytest.mark.parametrize(
    ("foreseen", "words"),
    [
        (
            {"fate": "turns over", "full_days": 12.0, "kept_days": 30.0},
            "full in about 12 days, keeps 30 d",
        ),
        ({"fate": "turns over", "full_days": 0.0, "kept_days": 30.0}, "keeps about 30 days, the oldest go"),
        ({"fate": "fills up", "full_days": 3.0}, "full in about 3 days, then stops"),
        ({"fate": "stays", "forecast": "room for all that is to be kept"}, "room for all that is to be kept"),
        ({"fate": "something of a later version"}, "room for about 5 days at this rate"),
    ],
)
@pytest.mark.parametrize(("width", "height"), [(80, 24), (140, 40)])
def test_what_guard_foresees_of_the_disk_is_shown_instead_of_what_we_measured(foreseen, words, width, height):
    panorama, now_us = watched(130, status(), guard=health(**foreseen))

    assert words in said(text_of(panorama, now_us, width, height))


def test_a_forecast_never_fails_on_a_strange_disk():
    for free, total in ((0, 10), (10, 10), (20, 10), (-1, -1), (0, 0)):
        panorama, now_us = watched(60, status(), guard=replace(health(), free_bytes=free, total_bytes=total))
        shown = text_of(panorama, now_us, 80, 24)
        assert "disk" in shown
        assert str(math.nan) not in shown


def test_the_panel_and_the_alarm_stand_above_the_cameras():
    guard = health(arm="arming", arm_words="arming (23 s left, then armed_away)")
    panorama, now_us = watched(30, status(), guard=guard)
    lit = with_lamps(panorama, Lit(levels={"status": "26", "arm": "100", "fault": "0", "disco": "100", "buzzer": "x"}))

    lines = page(lit, now_us, 140, 40)

    (line,) = [line for line in lines if line.startswith("alarm")]
    assert "arming (23 s left, then armed_away)" in line
    assert "◑ status  ● arm  ○ fault  ○ buzzer" in line and "disco" not in line
    assert line.rstrip().endswith("keys: b press, d twice, l long, h hold, v longer")
    assert with_lamps(lit, Lit(levels={"status": "27", "arm": "100", "fault": "0", "buzzer": "0"})) is lit


def test_without_a_panel_there_are_no_keys_to_press():
    panorama, now_us = watched(30, status(), guard=health(arm="armed_home", arm_words="armed_home"))

    text = text_of(panorama, now_us, 130, 40)

    assert "alarm     armed_home" in text and "keys:" not in text
