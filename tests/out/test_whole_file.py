"""Files that appear only when they are whole."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.faulty import FaultyCalls
from fakes.owner import files_in
from fakes.repository import PACKAGE
from vigil.errors import StoreFault
from vigil.out.whole_file import whole_file
from vigil.store.disk import Calls


class NamedFilesOnly(Calls):
    """A file system like FAT: every file must have a name."""

    def open(self, path: Path, flags: int, mode: int = 0o640) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        return super().open(path, flags, mode)


each_disk = pytest.mark.parametrize("calls", [Calls(), NamedFilesOnly()], ids=["ext4", "fat"])


@each_disk
def test_it_is_there_when_it_is_whole_and_its_owner_alone_may_read_it(tmp_path: Path, calls: Calls):
    with whole_file(tmp_path / "clip.mp4", replace=False, calls=calls) as write:
        write(b"first ")
        assert "clip.mp4" not in files_in(tmp_path)
        write(b"second")

    assert (tmp_path / "clip.mp4").read_bytes() == b"first second"
    assert (tmp_path / "clip.mp4").stat().st_mode & 0o777 == 0o600
    assert files_in(tmp_path) == ["clip.mp4"]


@each_disk
def test_nothing_is_left_behind_when_something_goes_wrong(tmp_path: Path, calls: Calls):
    with pytest.raises(RuntimeError), whole_file(tmp_path / "clip.mp4", replace=False, calls=calls) as write:
        write(b"secret")
        raise RuntimeError("the camera was sealed for somebody else")

    assert files_in(tmp_path) == []


@each_disk
def test_what_exists_is_refused_and_stays_as_it_is(tmp_path: Path, calls: Calls):
    (tmp_path / "clip.mp4").write_bytes(b"old")

    with (
        pytest.raises(StoreFault, match="exists: choose another name, or replace it with --force"),
        whole_file(tmp_path / "clip.mp4", replace=False, calls=calls),
    ):
        pass

    assert (tmp_path / "clip.mp4").read_bytes() == b"old"


@each_disk
def test_what_appears_meanwhile_is_not_replaced_unasked(tmp_path: Path, calls: Calls):
    with pytest.raises(StoreFault), whole_file(tmp_path / "clip.mp4", replace=False, calls=calls) as write:
        write(b"mine")
        (tmp_path / "clip.mp4").write_bytes(b"theirs")

    assert (tmp_path / "clip.mp4").read_bytes() == b"theirs"
    assert files_in(tmp_path) == ["clip.mp4"]


@each_disk
def test_with_force_the_old_one_stays_until_the_new_one_is_whole(tmp_path: Path, calls: Calls):
    (tmp_path / "clip.mp4").write_bytes(b"old")

    with whole_file(tmp_path / "clip.mp4", replace=True, calls=calls) as write:
        write(b"new")
        assert (tmp_path / "clip.mp4").read_bytes() == b"old"

    assert (tmp_path / "clip.mp4").read_bytes() == b"new"
    assert files_in(tmp_path) == ["clip.mp4"]


def test_a_part_that_a_kill_left_is_taken_over(tmp_path: Path):
    (tmp_path / "clip.mp4.part").write_bytes(b"half of an older one, and longer")

    with whole_file(tmp_path / "clip.mp4", replace=False, calls=NamedFilesOnly()) as write:
        write(b"new")

    assert (tmp_path / "clip.mp4").read_bytes() == b"new"
    assert files_in(tmp_path) == ["clip.mp4"]


def test_a_part_that_somebody_is_writing_is_left_alone(tmp_path: Path):
    with (tmp_path / "clip.mp4.part").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)

        with (
            pytest.raises(StoreFault, match="another export is writing"),
            whole_file(tmp_path / "clip.mp4", replace=False, calls=NamedFilesOnly()),
        ):
            pass

    assert files_in(tmp_path) == ["clip.mp4.part"]


@pytest.mark.parametrize("mode", ["EIO", "ENOSPC", "short"])
def test_whichever_operation_fails_nothing_half_is_left(tmp_path: Path, mode: str):
    for nth in range(1, 50):
        calls = FaultyCalls(nth, mode=mode)
        try:
            with whole_file(tmp_path / f"{nth}.mp4", replace=False, calls=calls) as write:
                write(b"some" * 1000)
        except StoreFault:
            pass
        left = [path for path in tmp_path.iterdir() if path.name.startswith(f"{nth}.")]
        assert all(path.read_bytes() == b"some" * 1000 for path in left), calls.befell
        if not calls.fired:
            break
    assert 1 < nth < 49
    assert left


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_kill_in_the_middle_leaves_nothing(tmp_path: Path, number: signal.Signals):
    program = f"""
import sys
from pathlib import Path
from vigil.out.whole_file import whole_file
with whole_file(Path({str(tmp_path / "clip.mp4")!r}), replace=False) as write:
    write(b"secret" * 100_000)
    print("writing", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(PACKAGE.parent)}, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stdout
        assert child.stdout.readline() == "writing\n"
        child.send_signal(number)
        child.wait()

    assert files_in(tmp_path) == []
