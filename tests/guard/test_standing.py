"""Faults that come, go, flap and are carried over: told when they come, over when they stay away."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.health import WELL, at, camera
from vigil.guard.deeds import Enter
from vigil.guard.diagnosis import Diagnosis
from vigil.guard.probes.configuration import ConfigurationSeen

GATE = ("camera", "gate")
LOST = camera(state="lost", fault="nothing answers")


class Box:
    """A judgement, looked at once a second, or more seldom where much time goes by."""

    def __init__(self, **given) -> None:
        self.seconds = 0
        self.diagnosis = Diagnosis(at(0), **given)
        self.entered: list[tuple[int, str, str]] = []
        self.fields: list[dict] = []

    def live(self, seconds: int, *said: object, every: int = 1) -> None:
        """Hear the same at each look for so long."""
        for _ in range(0, seconds, every):
            self.seconds += every
            now = at(self.seconds)
            for one in said:
                self.diagnosis.hear(one, now)
            for deed in self.diagnosis.look(now):
                assert isinstance(deed, Enter)
                self.entered.append((self.seconds, deed.kind.removeprefix("fault."), str(deed.fields["id"])))
                self.fields.append(dict(deed.fields))

    @property
    def stand(self) -> list[str]:
        return [one.kind.id for one in self.diagnosis.standing]


def test_a_fault_is_told_when_it_comes_and_over_when_it_has_been_away_for_a_while():
    box = Box(expected=[GATE])
    box.live(5, camera())
    box.live(20, LOST)
    box.live(30, camera())

    assert box.entered == [(6, "raised", "camera.lost"), (36, "cleared", "camera.lost")]
    assert box.fields[0] == {
        "id": "camera.lost", "what": "camera gate", "why": "nothing answers", "level": "failed", "subject": "gate",
        "since_us": at(6).wall_us,
    }  # fmt: skip


def test_a_fault_that_comes_and_goes_is_one_fault_that_flaps():
    box = Box(expected=[GATE])
    for _ in range(50):
        box.live(3, LOST)
        box.live(3, camera())

    assert box.entered == [(1, "raised", "camera.lost")]
    (one,) = box.diagnosis.standing
    assert (one.flaps, one.since_us) == (49, at(1).steady_us)


def test_one_that_comes_again_soon_after_its_end_is_the_same_and_must_stay_away_for_longer():
    box = Box(expected=[GATE])
    box.live(5, LOST)
    box.live(11, camera())
    box.live(5, LOST)
    box.live(21, camera())

    assert [(kind, fields.get("flaps")) for (_, kind, _), fields in zip(box.entered, box.fields, strict=True)] == [
        ("raised", None), ("cleared", None), ("raised", 1), ("cleared", 1),
    ]  # fmt: skip
    assert [second for second, _, _ in box.entered] == [1, 16, 17, 42]


def test_one_that_comes_again_after_hours_is_another():
    box = Box(expected=[GATE])
    box.live(5, LOST)
    box.live(3700, camera(), every=5)
    box.live(5, LOST)

    assert "flaps" not in box.fields[-1]


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), min_size=1, max_size=30))
def test_however_it_flaps_it_is_told_a_few_times_an_hour_at_most(rhythm: list[tuple[int, int]]):
    box = Box(expected=[GATE])
    for bad, good in rhythm:
        box.live(5 * bad, LOST, every=5)
        box.live(5 * good, camera(), every=5)

    # Each time it is over it had to be away for twice as long: 10 s, 20 s, 40 s … 15 min.
    hours = box.seconds / 3600
    assert len(box.entered) <= 2 * (7 + 4 * hours) + 1


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(1, 60), st.sampled_from([LOST, camera(), camera(fps=0), None])), max_size=12),
    st.sampled_from([LOST, camera(), camera(picture_check="frozen"), None]),
)
def test_whatever_happened_before_what_lasts_decides(history, last):
    box = Box(expected=[GATE])
    for seconds, said in history:
        box.live(seconds, *([said] if said else []))

    # Longer than any fault has to stay away, and than anything that was heard is believed.
    box.live(1000, *([last] if last else []), every=5)

    fresh = Box(expected=[GATE])
    fresh.live(100, *([last] if last else []), every=5)
    silent_too = {"camera.unknown"} if last is None else set()
    assert set(fresh.stand) - silent_too <= set(box.stand)
    if last:
        assert box.stand == fresh.stand
        assert box.diagnosis.verdict.level is fresh.diagnosis.verdict.level


def test_silence_ends_no_fault():
    box = Box(expected=[GATE])
    box.live(5, LOST)
    box.live(3000, every=10)

    assert box.stand == ["camera.lost", "camera.unknown"]


def test_what_a_person_sets_right_is_over_at_once():
    box = Box()
    box.live(5, ConfigurationSeen(faults=("mode: not a setting",)))
    box.live(1, ConfigurationSeen())

    assert box.entered == [(1, "raised", "configuration.salvaged"), (6, "cleared", "configuration.salvaged")]


def test_a_fault_outlives_guard_and_is_not_told_twice():
    before = Box(expected=[GATE])
    before.live(5, LOST)
    after = Box(expected=[GATE], carried=before.diagnosis.standing)
    after.live(3)
    assert after.stand == ["camera.lost"]
    after.live(20, LOST)
    assert after.entered == []
    after.live(30, camera())

    assert after.entered == [(34, "cleared", "camera.lost")]


def test_a_fault_of_what_is_not_there_any_more_ends_a_minute_after_the_start():
    before = Box(expected=[GATE])
    before.live(5, LOST)
    after = Box(carried=before.diagnosis.standing)
    after.live(55, *WELL[1:])
    assert after.stand == ["camera.lost"], "its recorder may be starting yet"
    after.live(45, *WELL[1:])

    assert after.stand == []
    assert [kind for _, kind, _ in after.entered] == ["cleared"]


def test_a_notice_is_shown_and_not_entered():
    box = Box()
    box.live(5, camera(state="paused"))

    assert box.stand == ["camera.paused"]
    assert box.entered == []
