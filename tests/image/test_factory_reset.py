"""A box that has recorded starts over in both tiers, asked for in both ways, and records again each time."""

from __future__ import annotations

import base64
import mmap
import subprocess
import time
from pathlib import Path

from fakes.configs import KEYS
from fakes.qemu import emulated_for
from fakes.recording_box import SETUP, Running, recording_box, resumed

# Three starts in the emulator, minutes each where the machine has other things to do.
pytestmark = emulated_for(2400, at_length=True)

FACTS = {
    "device": "until [ -s /vigil/video/identity ]; do sleep 1; done; cat /vigil/state/identity.vkey",
    "beside": "cat /vigil/video/identity",
    "first": "ls /vigil/video/bench/*/*/*/*.seal | head -n1 | grep -o '[0-9]*-[^/]*$' | cut -d- -f1",
    "owner": "grep -o 'age1[a-z0-9]*' /vigil/state/vigil.toml",
    "name": "hostname",
    "asks": "cat /boot/reset.txt",
    "failed": "systemctl list-units --failed --plain --no-legend | cut -d' ' -f1",
    "told": 'until [ -z "$(ls /vigil/state/tellings)" ]; do sleep 1; done; '
    'cat /vigil/state/journal/*/entries/* | grep -o \'"kind":"reset[^"]*"\' | sort -u',
}


def facts(box: Running) -> dict[str, str]:
    """What is to be seen in the box."""
    # What is crossed out is a line without an end.
    return {name: box.shell.ask(f"({command}) 2>/dev/null; echo").strip() for name, command in FACTS.items()}


def put(box: Running, **files: str) -> None:
    """Leave files on p1, as somebody with the card in a PC does."""
    coded = {name.replace("_", "."): base64.b64encode(text.encode()).decode() for name, text in files.items()}
    words = [f"echo '{text}' | base64 -d > /boot/{name}" for name, text in coded.items()]
    box.shell.ask(" && ".join(["mount -o remount,rw /boot", *words, "sync", "mount -o remount,ro /boot"]))


def again(box: Running, command: str, *, instead_of: str = "", records: bool = True) -> str:
    """Let a command restart the box, wait for something durable, and tell how long it took; who signs it."""
    began = time.monotonic()
    box.shell.tell(command)
    start = box.start()
    assert (start.slot, start.after) == ("A", "reset")
    started_s = time.monotonic() - began
    box.shell.wait()
    session = box.shell.until_recording(instead_of=instead_of)[0] if records else ""
    print(f"{command}: restarted after {started_s:.0f} s, {'records' if records else 'is up'} after "
          f"{time.monotonic() - began:.0f} s")  # fmt: skip
    return session


def as_a_whole(place: Path) -> Path:
    """The card of a box that was resumed at `place`, with all that can be read from it."""
    whole = place / "card.img"
    subprocess.run(["qemu-img", "convert", "-O", "raw", place / "card.qcow2", whole], check=True)
    return whole


def found_in(card: Path, words: bytes) -> int:
    """How often the card holds these bytes."""
    with card.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        count, at = 0, whole.find(words)
        while at >= 0:
            count, at = count + 1, whole.find(words, at + 1)
    return count


def test_a_box_forgets_everything_as_the_card_asks_its_settings_and_everything_again_as_it_is_told(tmp_path: Path):
    made = recording_box()
    with resumed(made, tmp_path) as box:
        before = facts(box)
        secret = before["device"].encode()
        put(box, reset_txt="everything\r\n", vigil_toml=SETUP.replace(KEYS[0], KEYS[1]).replace("garage", "attic"))
        session = again(box, "systemctl --no-block reboot", instead_of=box.session)
        new = facts(box)
        print(new)
        said = box.shell.ask("journalctl -b --no-pager -u vigil-reset -u 'vigil-open@*' -o cat | tail -n 40")

        put(box, vigil_toml=SETUP.replace("garage", "cellar"))
        later_session = again(box, "/opt/vigil/bin/vigil reset settings --yes", instead_of=session)
        later = facts(box)
        print(later)

        again(box, "/opt/vigil/bin/vigil reset everything --yes", records=False)
        last = facts(box)
        print(last)
        set_up = box.shell.ask("cat /boot/vigil.toml; echo; sync")

    whole = as_a_whole(tmp_path)

    assert new["failed"] == "" and "forgotten now" in said, said
    assert new["device"] not in (before["device"], "") and new["beside"] == new["device"]
    assert (new["owner"], new["name"], new["first"]) == (KEYS[1], "attic", "00000001")
    assert set(new["asks"]) == {"*"}
    assert new["told"] == ""

    assert later_session != session
    assert later["failed"] == "" and later["device"] == new["device"]
    # Whose the box is cannot be changed so.
    assert (later["owner"], later["name"], later["first"]) == (KEYS[1], "cellar", "00000001")
    assert later["told"].split() == ['"kind":"reset.asked"', '"kind":"reset.done"']

    # Nobody's, as long as no new set-up file says whose.
    assert last["failed"] == "" and last["device"] not in (new["device"], "")
    assert (last["owner"], last["name"], last["first"], last["told"]) == ("", "vigil", "", "")
    assert set_up.startswith("schema=1 # Forgotten with everything else.") and "age1" not in set_up
    assert found_in(made.card, secret) > 0 == found_in(whole, secret)
