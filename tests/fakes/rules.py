"""Conditions and actions to try: drawn from what a rule may say."""

from __future__ import annotations

from hypothesis import strategies as st

from vigil.config.actions import Action, Arming, Lamp, Notify, Siren, Trigger
from vigil.config.conditions import (
    ARM_STATES,
    POWER_STATES,
    PRESENCE_STATES,
    All,
    Condition,
    Either,
    Lasting,
    MotionAt,
    Not,
    SensorIs,
    StateIs,
    SunIs,
    TimeIs,
)

SENSORS = ("door", "garage", "hall-pir")
CAMERAS = ("yard", "hall")


def _some(words: tuple[str, ...], most: int = 3) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(words), min_size=1, max_size=most, unique=True).map(tuple)


STATES = st.one_of(
    st.builds(StateIs, st.just("arm"), _some(ARM_STATES)),
    st.builds(StateIs, st.just("presence"), _some(PRESENCE_STATES)),
    st.builds(StateIs, st.just("power"), _some(POWER_STATES)),
)
_DAYS = st.lists(st.integers(0, 6), unique=True, max_size=4).map(lambda days: tuple(sorted(days)))
WINDOWS = st.builds(TimeIs, st.integers(0, 1439), st.integers(0, 1440), _DAYS).filter(
    lambda window: window.from_min != window.to_min
)
SUN = st.builds(SunIs, st.booleans(), st.integers(-90, 90), st.integers(-90, 90))
SENSED = st.one_of(
    st.builds(SensorIs, st.sampled_from(SENSORS), st.sampled_from(["active", "rest", "faulty"])),
    st.builds(MotionAt, st.sampled_from(CAMERAS)),
)


def conditions(*, deep: int = 8) -> st.SearchStrategy[Condition]:
    """Any condition over the sensors and cameras above."""
    leaves: st.SearchStrategy[Condition] = st.one_of(STATES, WINDOWS, SENSED)

    def joined(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
        # Of the same condition twice only the longer span would count, and `as_document` writes one.
        single = inner.filter(lambda part: not isinstance(part, Lasting))
        return st.one_of(
            parts.map(All), parts.map(Either), inner.map(Not), st.builds(Lasting, single, st.integers(1, 600))
        )

    return st.recursive(leaves, joined, max_leaves=deep)


def likely_conditions() -> st.SearchStrategy[Condition]:
    """Conditions that can hold and need not, whatever else there is: one state of a kind at most."""
    one = st.tuples(st.builds(StateIs, st.just("presence"), _some(PRESENCE_STATES, 2)), st.integers(1, 3600))
    window = WINDOWS.filter(lambda window: window.from_min % 1440 != window.to_min % 1440)
    return st.one_of(
        st.builds(StateIs, st.just("power"), _some(POWER_STATES, 4)),
        window.map(Not),
        st.tuples(window, st.builds(StateIs, st.just("power"), _some(POWER_STATES, 2))).map(All),
        one.map(lambda drawn: Lasting(*drawn)),
        one.map(lambda drawn: Either((drawn[0], Not(StateIs("power", ("mains",)))))),
    )


def actions() -> st.SearchStrategy[tuple[Action, ...]]:
    """What a rule may do that needs no camera and leads to no other rule."""
    words = st.text(st.characters(exclude_categories=["C", "Z"], codec="utf-8"), min_size=1, max_size=30)
    seconds = st.integers(1, 3600)
    each: st.SearchStrategy[Action] = st.one_of(
        words.map(Notify),
        st.builds(Trigger, words, st.booleans(), st.booleans()),
        st.builds(Siren, seconds),
        st.builds(Lamp, st.just("arm"), st.sampled_from(["slow", "pairs"]), seconds),
        st.builds(Arming, st.sampled_from(["home", "away", "night"])),
    )
    return st.lists(each, min_size=1, max_size=3).map(tuple)
