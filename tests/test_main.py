"""The command `vigil`: who hears what."""

from __future__ import annotations

from pathlib import Path

import pytest

from vigil.__main__ import main
from vigil.clock import HandClock
from vigil.processes.tellings import tell
from vigil.store.disk import Disk

pytestmark = pytest.mark.usefixtures("root_logger_as_before")


@pytest.mark.parametrize(
    ("words", "is_logged"), [("reset settings --data", False), ("upkeep bootslot what-is-this --boot", True)]
)
def test_a_person_is_answered_without_the_log_that_a_unit_writes(
    words: str, is_logged: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main([*words.split(), str(tmp_path)]) == 1
    capsys.readouterr()

    tell(Disk(), tmp_path / "tellings", "reset.asked", {"tier": "settings"}, at_us=HandClock().wall_us())

    assert ("reset.asked" in capsys.readouterr().err) is is_logged
