"""`vigil arm` and `vigil disarm`, as somebody on the box types them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.guards import guarding, wait_for
from vigil.__main__ import main
from vigil.config.model import Arm, Camera, Config
from vigil.config.write import written
from vigil.events import Health
from vigil.processes.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    config = Config(cameras=(Camera(id="gate", source="synthetic"),), arm=Arm(exit_delay_s=300))
    place.config_files.owners.write_bytes(written(config))
    return place


def test_the_box_is_armed_and_disarmed_and_says_what_it_is(place, capsys):
    with guarding(place) as run:
        wait_for(run, lambda message: isinstance(message, Health) and message.arm == "disarmed")
        said = []
        for words in (["arm", "home"], ["arm"], ["disarm"], ["arm", "night"]):
            assert main([*words, "--data", str(place.data)]) == 0
            said.append(capsys.readouterr().out.strip())

    assert said[0] == "the box is armed_home"
    assert said[1].startswith("the box is arming (") and said[1].endswith(" s left, then armed_away)")
    assert said[2:] == ["the box is disarmed", "the box is armed_night"]


def test_a_mode_that_there_is_not_is_not_even_asked_for(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["arm", "sideways"])

    assert stopped.value.code == 2 and "choose from" in capsys.readouterr().err


def test_without_guard_nothing_is_armed_and_it_says_so(place, capsys):
    assert main(["arm", "--data", str(place.data)]) == 1
    assert "is Vigil running?" in capsys.readouterr().err
