"""Work that is done aside while others go on."""

import threading

import pytest

from vigil.cameras.aside import Aside


def test_what_was_made_is_taken_once():
    aside = Aside(lambda: "made", undo=print, name="work")
    assert aside.taken(wait=True) == "made"
    assert aside.taken() is None


def test_nobody_has_to_wait():
    go = threading.Event()
    aside = Aside(lambda: go.wait(10), undo=print, name="work")
    assert aside.taken() is None
    go.set()
    assert aside.taken(wait=True)


def test_what_went_wrong_is_raised_where_it_is_taken():
    def work():
        raise ValueError("no")

    aside = Aside(work, undo=print, name="work")
    with pytest.raises(ValueError, match="no"):
        aside.taken(wait=True)


@pytest.mark.parametrize("soon", [True, False])
def test_what_nobody_wants_any_more_is_undone(soon):
    go, undone = threading.Event(), []
    aside = Aside(lambda: go.wait(10) and "made", undo=undone.append, name="work")
    if soon:
        aside.give_up()
        go.set()
        assert aside.taken(wait=True) is None
    else:
        go.set()
        while not undone:
            aside.give_up()
    assert undone == ["made"]
