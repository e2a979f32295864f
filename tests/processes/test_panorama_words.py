from __future__ import annotations

import pytest

from vigil.processes import panorama_words as words
from vigil.processes.panorama_lines import (
    Piece,
    Tone,
    beside,
    boxed,
    cells,
    clip,
    ends,
    fit,
    in_ascii,
    plain,
    width_of,
    wrap,
)


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (-1, "–"),
        (0, "0 bytes"),
        (999, "999 bytes"),
        (14_200_000, "14.2 MB"),
        (999_960, "1.0 MB"),
        (99_960_000, "100 MB"),
        (212_000_000_000, "212 GB"),
        (3_200_000_000_000, "3.20 TB"),
    ],
)
def test_sizes(count, said):
    assert words.size(count) == said


@pytest.mark.parametrize(
    ("bits", "said"), [(-1, "–"), (0, "0 kbit/s"), (640_000, "640 kbit/s"), (4.12e6, "4.1 Mbit/s")]
)
def test_bit_rates(bits, said):
    assert words.bit_rate(bits) == said


@pytest.mark.parametrize(
    ("length_s", "said"),
    [(0.4, "0 s"), (59.9, "59 s"), (750, "12 min"), (11_520, "3 h 12 min"), (200_000, "2 days 7 h")],
)
def test_spans(length_s, said):
    assert words.span(length_s) == said


@pytest.mark.parametrize(("age_s", "said"), [(-1.0, "–"), (0.84, "0.8 s ago"), (12.3, "12 s ago"), (200, "3 min ago")])
def test_ages(age_s, said):
    assert words.ago(age_s) == said


@pytest.mark.parametrize(
    ("length_s", "said"),
    [
        (60, "less than an hour"),
        (3700, "about an hour"),
        (40 * 3600, "about 40 hours"),
        (12.2 * 86400, "about 12 days"),
        (1e9, "years"),
    ],
)
def test_forecasts_are_no_more_exact_than_they_can_be(length_s, said):
    assert words.about(length_s) == said


def test_a_sparkline_has_its_newest_second_at_the_right():
    samples = tuple((second, float(second)) for second in range(1, 61))

    bars = words.sparkline(samples, 60, 60, top=60)

    assert (bars[0], bars[-1], len(bars)) == ("▁", "█", 60)


def test_a_second_without_a_word_between_others_is_no_gap_but_two_are():
    samples = tuple((second, 1.0) for second in range(1, 61) if second not in (20, 40, 41))

    bars = words.sparkline(samples, 60, 60, top=1)

    assert [at + 1 for at, bar in enumerate(bars) if bar == " "] == [41]


def test_a_column_that_stands_for_several_seconds_shows_the_largest():
    samples = tuple((second, 1.0 if second == 30 else 0.0) for second in range(1, 61))

    assert words.sparkline(samples, 60, 10, top=1).count("█") == 1


def test_a_sparkline_of_zeros_is_a_base_line():
    assert words.sparkline(((59, 0.0), (60, 0.0)), 60, 60, top=0)[-2:] == "▁▁"


def test_wide_characters_take_two_cells_and_combining_ones_none():
    assert (cells("監視"), cells("e\u0301"), cells("abc…")) == (4, 1, 4)
    assert clip("監視カメラ", 5) == "監視…"


def test_wrapping_keeps_every_word():
    text = "one two three " + "x" * 30 + " four"

    lines = wrap(text, 12)

    assert max(map(cells, lines)) <= 12
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_a_line_is_fitted_to_the_cell():
    line = (Piece("recording", Tone.GOOD), Piece(" for 12 min"))

    assert plain(fit(line, 30)) == "recording for 12 min" + " " * 10
    assert plain(fit(line, 12)) == "recording f…"
    assert width_of(fit((Piece("監視"),), 3)) == 3


def test_the_right_end_outlives_the_left():
    assert plain(ends((Piece("a long path to data"),), (Piece("0:00:07"),), 18)) == "a long pa… 0:00:07"


def test_a_box_is_as_wide_as_asked_whatever_stands_in_its_edge():
    for width in (20, 33, 80):
        box = boxed((Piece("a-camera-with-a-long-name"),), (Piece("● recording"),), [(Piece("x" * 99),)], width)
        assert {width_of(line) for line in box} == {width}


def test_blocks_of_different_height_stand_side_by_side():
    assert [plain(line) for line in beside([(Piece("a"),), (Piece("b"),)], [(Piece("c"),)], 3, 1)] == ["a   c", "b   "]


def test_ascii_keeps_every_cell():
    line = (Piece("● ▁▂▃█ – 監 · 3 min ago …"),)

    changed = in_ascii(line)

    assert plain(changed).isascii()
    assert width_of(changed) == width_of(line)
