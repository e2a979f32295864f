"""What is foreseen of the disk, in words, and not more often than days pass."""

from __future__ import annotations

import pytest

from vigil.processes.foresight import NOTHING, Foresight, sentence
from vigil.store.forecast import Fate, Forecast

SECOND_US = 1_000_000


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (NOTHING, "how long there is room is not known: nobody has looked yet"),
        (Forecast(Fate.STAYS), "room for all that is to be kept"),
        (Forecast(Fate.STAYS, why="nothing is being recorded"), "nothing is being recorded"),
        (
            Forecast(Fate.FILLS_UP, 12.2, why="what is held may not go"),
            "full in about 12 days: what is held may not go",
        ),
        (
            Forecast(Fate.TURNS_OVER, 12.2, 30.4),
            "full in about 12 days; then the oldest go, and recordings reach about 30 days back",
        ),
        (
            Forecast(Fate.FILLS_UP, 12.2, why="what is held may not go", by_clock=False),
            "full in about 12 days: what is held may not go (days of recording: the clock is not synchronised)",
        ),
        (Forecast(Fate.TURNS_OVER, 0.0, 30.4), "the oldest go as new ones come; recordings reach about 30 days back"),
    ],
)
def test_it_is_said_as_a_person_says_it(seen: Forecast, words: str):
    assert sentence(seen) == words


def test_it_is_made_anew_every_ten_minutes_and_every_minute_while_nothing_is_known():
    made: list[Forecast] = []

    def make() -> Forecast:
        made.append(NOTHING if len(made) < 2 else Forecast(Fate.STAYS))
        return made[-1]

    foresight = Foresight()
    fates = [foresight.look(second * SECOND_US, make).fate for second in range(0, 1500, 10)]

    assert len(made) == 5  # at 0, 60, 120, 720 and 1320 s
    assert fates.count(Fate.UNKNOWN) == 12
