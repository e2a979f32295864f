"""What the system's own commands leave for the journal: entered once each, in their order, from nobody else."""

from __future__ import annotations

from pathlib import Path

from vigil.processes.tellings import left, remove, tell
from vigil.store.disk import Disk


def test_what_is_left_is_found_in_its_order_until_it_is_removed(tmp_path: Path):
    disk, place = Disk(), tmp_path / "tellings"
    assert list(left(disk, place)) == []
    for number, at_us in enumerate((7, 7, 100, 8)):
        tell(disk, place, "update.began", {"number": number, "why": "x" * 1000}, at_us=at_us)

    found = list(left(disk, place))
    assert [telling.fields["number"] for telling in found] == [0, 1, 3, 2]
    assert found[0].kind == "update.began" and len(found[0].fields["why"]) == 300
    remove(disk, found[0].path)
    assert len(list(left(disk, place))) == 3


def test_rubbish_is_removed_and_not_entered(tmp_path: Path):
    for name, data in (("1.json", b"{"), ("2.json", b"[]"), ("3.json", b"{}"), ("4.json", b" " * 5000)):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "5.json.new").write_bytes(b"half")

    assert list(left(Disk(), tmp_path)) == []
    assert [path.name for path in tmp_path.iterdir()] == ["5.json.new"]


def test_a_full_disk_costs_the_telling_alone(tmp_path: Path):
    (tmp_path / "tellings").write_text("in the way")

    tell(Disk(), tmp_path / "tellings", "update.began", {}, at_us=1)
    assert list(left(Disk(), tmp_path / "tellings")) == []
