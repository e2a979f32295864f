"""What `vigil presence` says of each member."""

from __future__ import annotations

import pytest

from vigil.cli.presence import line_of, span
from vigil.events import MemberKnown

SECOND = 1_000_000


@pytest.mark.parametrize(
    ("age_s", "words"), [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"), (90_000, "25 h")]
)
def test_an_age_is_said_as_people_say_it(age_s, words):
    assert span(age_s * SECOND) == words


def test_a_line_says_where_they_are_since_when_and_how_that_is_known(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    home = MemberKnown(
        member="anna", role="adult", state="home", since_us=1_700_000_000 * SECOND, seen_age_us=12 * SECOND, how="ping"
    )
    radio = MemberKnown(
        member="ben", role="guest", state="away", since_us=0, seen_age_us=7200 * SECOND, how="neighbours"
    )
    new = MemberKnown(member="carl", role="child", state="unknown", since_us=1_700_000_000 * SECOND)

    assert line_of(home) == "anna (adult): home since 2023-11-14 22:13; answered a ping 12 s ago"
    assert line_of(radio) == "ben (guest): away; answered the network 2 h ago"
    assert line_of(new) == "carl (child): unknown; has not answered yet"


def test_what_came_over_the_hub_draws_nothing_of_its_own():
    assert "\x1b" not in line_of(MemberKnown(member="a\x1b[2J", role="adult", state="home"))
