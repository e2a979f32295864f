"""`vigil verify`, as a stranger with a disk in the hand uses it."""

from __future__ import annotations

import argparse
import io
import json
import shutil
from pathlib import Path

import pytest

from fakes.store_builder import BoxBuilder
from fakes.tampering import TEN, Store, copied, flip, make_store, remove
from vigil.cli import verify as command
from vigil.cli.verify_print import size
from vigil.cli.verify_run import Progress
from vigil.clock import HandClock
from vigil.segments.note import NoteKey


def run(*words: object) -> int:
    parser = argparse.ArgumentParser(prog="vigil")
    command.register(parser.add_subparsers(required=True))
    args = parser.parse_args(["verify", *map(str, words)])
    return int(args.run(args))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return make_store(tmp_path_factory.mktemp("made"))


@pytest.fixture
def store(made: Store, tmp_path: Path) -> Store:
    return copied(made, tmp_path / "box")


def test_an_intact_store_says_so_and_that_nobody_outside_vouches_for_it(
    made: Store, capsys: pytest.CaptureFixture[str]
):
    assert run(made.root) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "believed because it lies beside the recordings" in out
    assert "00000005 to 00000009  ok           as signed, not anchored: " in out
    assert "INTACT: 10 segments of 2 cameras" in out
    assert "\nNOT ANCHORED: " in out


def test_a_checkpoint_from_outside_anchors(made: Store, capsys: pytest.CaptureFixture[str]):
    assert run(made.root, "--checkpoint", made.late, "--identity", made.identity.text()) == 0
    out = capsys.readouterr().out
    assert "(as given)" in out
    assert "ANCHORED until 2026-11-22 14:1" in out
    assert "by whoever keeps late: 10 segments." in out
    assert "NOT" not in out


def test_damage_is_told_with_the_seconds_it_concerns(store: Store, capsys: pytest.CaptureFixture[str]):
    flip(store.at(3).media, 800_000)
    assert run(store.root) == 1
    out = capsys.readouterr().out
    assert (
        "✗ 00000003              damaged      its bytes 65736 to 196840 are not those that were signed: pictures" in out
    )
    assert str(store.at(3).seal) in out
    assert "NOT INTACT: 1 failure." in out


def test_quiet_prints_what_is_wrong_and_the_summary(store: Store, capsys: pytest.CaptureFixture[str]):
    remove(store.at(1, "yard"))
    assert run(store.root, "--quiet") == 1
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines() if line] == ["camera", "✗", "NOT", "NOT"]


def test_json_is_one_object_with_a_segment_a_line(store: Store, capsys: pytest.CaptureFixture[str]):
    flip(store.at(3).media, 800_000)
    assert run(store.root, "--json", "--checkpoint", store.late) == 1
    out = capsys.readouterr().out
    said = json.loads(out)

    verdicts = {f"{one['camera']}/{one['segment']}": one["verdict"] for one in said["segments"]}
    assert verdicts == {**TEN, "front/3": "damaged"}
    assert len(out.splitlines()) == len(TEN) + 2
    third = next(one for one in said["segments"] if one["verdict"] == "damaged")
    assert (third["span"]["from_byte"], third["span"]["to_byte"]) == (65736, 196840)
    assert third["failure"] and not third["anchored"]
    (absent,) = said["absent"]
    assert (absent["camera"], absent["first"], absent["last"], absent["verdict"]) == ("front", 2, 2, "deleted")
    assert (said["intact"], said["failures"], said["anchored"]) == (False, 1, 9)
    assert said["anchor"]["by"] == "whoever keeps late"


def test_a_store_without_recordings_is_neither_intact_nor_not(
    made: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    video = tmp_path / "video"
    video.mkdir()
    shutil.copy(made.root / "video/identity", video)
    assert run(tmp_path) == 2
    assert "there is not one recording here" in capsys.readouterr().err


def test_an_emptied_store_is_missed_by_its_journal(store: Store, capsys: pytest.CaptureFixture[str]):
    for camera in ("front", "yard"):
        shutil.rmtree(store.root / "video" / camera)
    assert run(store.root, "--json") == 1
    said = json.loads(capsys.readouterr().out)
    assert said["segments"] == []
    assert [(one["first"], one["last"], one["verdict"]) for one in said["absent"]] == [
        (1, 1, "missing"), (3, 9, "missing"), (1, 2, "missing"),
    ]  # fmt: skip


def test_the_identity_may_be_given_as_a_file(made: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(made.root, "--identity", made.root / "video/identity") == 0
    stranger = BoxBuilder(tmp_path / "stranger", seed="stranger")
    assert run(made.root, "--identity", stranger.video / "identity", "--quiet") == 1
    assert f"✗ the identity beside the recordings is {made.identity.name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["nowhere"], "nowhere does not exist"),
        (["{tmp}"], "there are no recordings in"),
        (["{root}/video/identity"], "is not a recording"),
        (["{root}", "--checkpoint", "nowhere"], "there is no checkpoint nowhere"),
        (["{root}", "--journal", "nowhere"], "there is no journal in nowhere"),
        (["{root}", "--identity", "nobody+00000000+AAAA"], "not an Ed25519 note key"),
        (["{root}", "--identity", "nowhere"], "No such file"),
        (["{root}", "--identity", NoteKey("vigil/0", bytes(32)).text()], "not what a recorder with this key is called"),
    ],
)
def test_what_cannot_be_done_is_said_and_not_called_a_failure(
    made: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], complaint: str
):
    assert run(*(word.format(root=made.root, tmp=tmp_path) for word in words)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("vigil verify: ")
    assert complaint in err


def test_without_a_journal_a_whole_store_says_what_cannot_be_told(store: Store, capsys: pytest.CaptureFixture[str]):
    shutil.rmtree(store.root / "state")
    assert run(store.root) == 0
    assert "it cannot be told whether the newest segments were taken away" in capsys.readouterr().out
    assert run(store.at(3).media) == 0
    assert "there is no journal" not in capsys.readouterr().out


def test_progress_is_a_line_that_goes_away():
    clock, out = HandClock(), io.StringIO()
    progress = Progress(out, clock, 4_000_000)
    progress.read(1_000_000)
    assert out.getvalue() == ""
    clock.sleep(1)
    progress.read(1_000_000)
    assert out.getvalue() == "\r2.0 MB of 4.0 MB (50 %), 2.0 MB/s\x1b[K"
    progress.clear()
    assert out.getvalue().endswith("\r\x1b[K")


def test_sizes_are_said_as_people_say_them():
    assert [size(n) for n in (0, 999, 1000, 1_500_000, 2_000_000_000, 3 * 10**12)] == [
        "0 bytes", "999 bytes", "1 kB", "1.5 MB", "2.0 GB", "3.00 TB",
    ]  # fmt: skip
