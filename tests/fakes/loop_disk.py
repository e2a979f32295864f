"""A disk that can fail, be taken away and be mended: an ext4 in a file. Needs root, which the tests run as."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path


class LoopDisk:
    """An empty disk, made in `image`, to be mounted at `mounted_at`."""

    def __init__(self, image: Path, mounted_at: Path) -> None:
        self._image = image
        self.mounted_at = mounted_at
        self.mounted_at.mkdir(parents=True)
        with self._image.open("wb") as file:
            file.truncate(256 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", self._image], check=True)

    def mount(self) -> None:
        options = "loop,errors=remount-ro"
        subprocess.run(["mount", "-o", options, self._image, self.mounted_at], check=True)
        lost_and_found = self.mounted_at / "lost+found"
        if lost_and_found.exists() and not (self.mounted_at / ".vigil-store").exists():
            lost_and_found.rmdir()

    def fail(self) -> None:
        """Let the file system notice an error: it becomes read-only, as it does on a dying card."""
        found = subprocess.run(["findmnt", "-n", "-o", "SOURCE", self.mounted_at], capture_output=True, text=True)
        Path("/sys/fs/ext4", Path(found.stdout.strip()).name, "trigger_fs_error").write_text("test")

    def unplug(self) -> None:
        """Take it away while files are open; the place where it was mounted is an empty directory then."""
        subprocess.run(["umount", "--lazy", self.mounted_at], check=True)

    def mend(self) -> None:
        """Check it, as a boot would."""
        tick = threading.Event()
        while self._is_attached():  # until the last file on it is closed
            assert not tick.wait(0.1)
        done = subprocess.run(["e2fsck", "-fy", self._image], capture_output=True, text=True)
        assert done.returncode <= 1, done.stdout

    def _is_attached(self) -> bool:
        return bool(subprocess.run(["losetup", "-j", self._image], check=True, capture_output=True).stdout)
