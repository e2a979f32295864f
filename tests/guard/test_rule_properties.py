"""Whatever the rules and whatever happens: nothing is missed, and no cool-down is broken."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.rules import CAMERAS, SENSORS, conditions
from fakes.rules_at_work import SECOND, armed, begun, fired, rule
from vigil.config.conditions import ARM_STATES
from vigil.config.model_rule import Rule
from vigil.guard.facts import CameraSees, Motion, PowerChanged, PresenceChanged, SensorChanged, SensorFaulty

FACTS = st.one_of(
    st.sampled_from(ARM_STATES).map(armed),
    st.builds(PresenceChanged, st.sampled_from(["EMPTY", "ADULTS_HOME", "KIDS_HOME", "ALL_HOME"])),
    st.builds(PowerChanged, st.sampled_from(["mains", "battery", "low", "critical", "unknown"])),
    st.builds(SensorChanged, st.sampled_from(SENSORS), st.booleans(), st.just(0)),
    st.builds(SensorFaulty, st.sampled_from(SENSORS), st.booleans()),
    st.builds(Motion, st.sampled_from(CAMERAS), st.booleans()),
    st.builds(CameraSees, st.sampled_from(CAMERAS), st.booleans()),
)
STEPS = st.lists(st.tuples(st.sampled_from([0, 1, 20, 61, 299, 601]), FACTS), max_size=8)


@settings(max_examples=30, deadline=None)
@given(st.lists(conditions(deep=5), min_size=1, max_size=3), STEPS, st.integers(0, 120))
def test_to_look_only_when_something_is_due_misses_nothing(found, steps, cool_down_s):
    """The index of subjects and the due times, against rules that are all judged, each second."""
    rules = [
        Rule(id=f"r{n}", when=one, do=rule('{ sun = "up" }').do, cool_down_s=cool_down_s) for n, one in enumerate(found)
    ]
    lazy, eager = begun(*rules), begun(*rules)

    for wait_s, fact in steps:
        lazily = lazy.sleeps_until_due(wait_s)
        eagerly = []
        for _ in range(wait_s):
            eager.passes(SECOND)
            for one in eager.rules.standings:
                eagerly += eager.rules._judge(one, eager.now())
        assert sorted(fired(lazily)) == sorted(fired(eagerly))
        lazy.hears(fact)
        eager.hears(fact)
        assert [one.holds for one in lazy.rules.standings] == [one.holds for one in eager.rules.standings]


@settings(max_examples=30, deadline=None)
@given(conditions(deep=4), STEPS, st.integers(1, 1000))
def test_two_firings_are_never_closer_than_the_cool_down(condition, steps, cool_down_s):
    box = begun(Rule(id="a", when=condition, do=rule('{ sun = "up" }').do, cool_down_s=cool_down_s))
    times = []
    for wait_s, fact in steps:
        for _ in range(wait_s // 20):
            box.passes(20 * SECOND)
            times += [box.steady_us] * len(fired(box.looks()))
        times += [box.steady_us] * len(fired(box.hears(fact)))

    assert all(later - earlier >= cool_down_s * SECOND for earlier, later in pairwise(times))
