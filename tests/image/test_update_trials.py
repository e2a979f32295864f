"""An update that is no good, or that was cut short: the system before it records again, and says what happened."""

from __future__ import annotations

import time

import pytest

from fakes.card import Card
from fakes.image import built
from fakes.inside import UNITS, copy_of, files_of
from fakes.qemu import Machine, emulated, running
from fakes.updates import SETUP, make_stick, slot_with, system_update
from fakes.web_files import serving
from vigil.upkeep.slots import Slot, decode

# Several boots each, and a trial that is watched for ten minutes before it is given up.
pytestmark = [
    *(mark for mark in emulated if mark.name not in ("timeout", "slow")),
    pytest.mark.torture,
    pytest.mark.timeout(3600),
]

BOOT_S = 900
HEAD = """
sealed() { find /vigil/video/bench -name '*.age' -size +8k 2>/dev/null | wc -l; }
recording() {
    for _ in $(seq 300); do [ "$(sealed)" -gt "$1" ] && break; sleep 2; done
    echo "inside: pictures $(sealed) before $1"
}
update() { /opt/vigil/bin/vigil update "$@" --data /vigil; }
told() {
    for _ in $(seq 60); do grep -qs "$1" /vigil/state/journal/*/entries/* && break; sleep 1; done
    update status | sed 's/^/inside: status /'
    echo "inside: journal $(cat /vigil/state/journal/*/entries/* | grep -o 'update[.][a-z]*' | uniq -c | xargs)"
    sync
    echo "inside: end"
}
"""
# What RAUC leaves behind when it has installed an update: a new card's B is a whole system already.
ON_TRIAL = """
had=$(cat /vigil/state/had 2>/dev/null || echo 0)
recording "$had"
if [ "$had" = 0 ]; then
    sealed > /vigil/state/had
    /opt/vigil/bin/python - <<'P'
from pathlib import Path
from vigil.clock import SystemClock
from vigil.processes.place import Place
from vigil.processes.update import Records
from vigil.store.disk import Disk
from vigil.upkeep.slots import Slot
from vigil.upkeep.update_record import Phase, Record
records = Records(Place(Path("/vigil")), Disk(), SystemClock())
records.keep(Record(phase=Phase.INSTALLED, version="0.2.0", before="0.1.0", slot=Slot.B))
P
    mount -o remount,rw /boot
    /usr/lib/vigil/bootslot set-primary B
    mount -o remount,ro /boot
    echo "inside: on trial"
    systemctl reboot
else
    told update.failed
fi
"""
PANIC = """[Unit]
DefaultDependencies=no
After=initrd-root-device.target
Before=initrd.target
[Service]
Type=oneshot
ExecStart=/bin/bash -c 'echo c > /proc/sysrq-trigger'
"""
DEAF = """
mkdir -p /run/systemd/system/vigil-record@.service.d
printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\n' > /run/systemd/system/vigil-record@.service.d/50-no.conf
systemctl daemon-reload
systemctl kill --signal=KILL 'vigil-record@*'
echo "inside: deaf"
"""


def panics() -> dict[str, bytes | str]:
    return {
        f"{UNITS}/panic.service": PANIC.encode(),
        f"{UNITS}/initrd.target.wants/panic.service": "../panic.service",
    }


@pytest.mark.parametrize(
    ("files", "why"),
    [(panics(), "three times"), (files_of(DEAF), "did not prove itself: vigil-record@bench.service")],
    ids=["panics", "does not record"],
)
def test_a_trial_that_is_no_good_gives_way_to_the_old_system(tmp_path, files, why):
    card = copy_of(built().image, tmp_path / "card.img", size_mib=4096, setup=SETUP, script=HEAD + ON_TRIAL)
    card.add_to_initrd(3, files)

    with running(Machine(board="virt", card=card.path, is_watched=True)) as guest:
        guest.wait_for("inside: on trial", timeout_s=BOOT_S)
        guest.wait_for("^Vigil: slot B after reset, left A 3 B 3, trial B", timeout_s=BOOT_S)
        began = time.monotonic()
        guest.wait_for("^Vigil: slot A after reset", timeout_s=BOOT_S + 600)
        guest.wait_for("inside: pictures", timeout_s=BOOT_S)
        print(f"first start of the trial to recording from the old slot: {time.monotonic() - began:.0f} s")
        guest.wait_for("inside: end", timeout_s=BOOT_S)
        said = "\n".join(line for line in guest.lines if "inside: " in line)

    assert "status version 0.1.0 (vigil-debian) runs from slot A" in said
    assert "status the update to 0.2.0 failed" in said and why in said, said
    assert "update.failed" in said.partition("journal")[2]
    state = decode(card.read(1, "slots.env"))
    assert (state.primary, state.left_b) == (Slot.A, 0)


INSTALLS = """
had=$(cat /vigil/state/had 2>/dev/null || echo 0)
recording "$had"
if [ "$had" = 0 ]; then
    sealed > /vigil/state/had
    update install SOURCE 2>&1 | sed 's/^/inside: /'
    echo "inside: installed"
    sleep 600
else
    told update
fi
"""


@pytest.fixture(scope="module")
def update(tmp_path_factory):
    """A directory with an update that is good, to be served or put onto a stick; which script it brings is the same."""
    place = tmp_path_factory.mktemp("update")
    (place / "files").mkdir()
    bundle = place / "files/vigil-0.2.0-debian.raucb"
    return system_update(bundle, slot_with(HEAD + INSTALLS, place), "0.2.0").parent


def plugged(stick):
    return ("-device", "qemu-xhci", "-drive", f"if=none,id=stick,format=raw,readonly=on,file={stick}",
            "-device", "usb-storage,drive=stick")  # fmt: skip


def test_a_cut_while_an_update_is_written_is_told(tmp_path, update):
    stick = make_stick(tmp_path / "stick.img", update)
    script = (HEAD + INSTALLS).replace("SOURCE", "usb")
    card = copy_of(built().image, tmp_path / "card.img", size_mib=4096, setup=SETUP, script=script)
    machine = Machine(board="virt", card=card.path, is_watched=True, more=plugged(stick))

    said = cut(machine, r"inside: +\d+ % Copying image to root", slot="A")

    assert "status the update to 0.2.0 failed: installing was cut short" in said, said
    assert "slot B: is not started" in said and Card(card.path).fault(1) == ""


def test_an_update_from_an_address_survives_a_cut_before_the_restart(tmp_path, update):
    with serving(update) as port:
        source = f"http://10.0.2.2:{port}/vigil-0.2.0-debian.raucb"
        script = (HEAD + INSTALLS).replace("SOURCE", source)
        card = copy_of(built().image, tmp_path / "card.img", size_mib=4096, setup=SETUP, script=script)
        machine = Machine(board="virt", card=card.path, is_watched=True, ports=(443,))

        said = cut(machine, "inside: version 0.2.0 is installed", slot="B")

    assert "status version 0.2.0 is in slot B and has yet to prove itself" in said, said
    assert "update.trial" in said and Card(card.path).fault(1) == ""


def cut(machine: Machine, at: str, *, slot: str) -> str:
    """Kill the machine when it says `at`; what the next start, from `slot`, says from inside."""
    with running(machine) as guest:
        guest.wait_for(at, timeout_s=BOOT_S * 2)
        guest.kill()
    with running(machine) as guest:
        guest.wait_for(f"^Vigil: slot {slot} after power", timeout_s=BOOT_S)
        guest.wait_for("inside: pictures", timeout_s=BOOT_S)
        guest.wait_for("inside: end", timeout_s=BOOT_S)
        return "\n".join(line for line in guest.lines if "inside: " in line)
