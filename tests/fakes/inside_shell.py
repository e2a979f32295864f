"""
A conversation with a booted image: the test types a command into the serial port, and hears what came of it.

The shell is a script of the test's own (see `fakes/inside.py`), so it is there again after every reset of the machine.
"""

from __future__ import annotations

import itertools
import re
import time
from dataclasses import dataclass, field

from fakes.qemu import Guest

# The commands that every conversation may use, then the shell itself. It reads whole lines, `NUMBER COMMAND`; what a
# command leaves running must not keep its output.
SHELL = r"""
newest() {
    local file last= name=
    for file in /vigil/video/bench/*/*/*/*.seal; do
        [[ ${file##*/} > $name ]] && name=${file##*/} last=$file
    done
    echo "$last"
}
# The last statement that something became durable; who signed it.
durable() { grep -ao '^{[^}]*"type":"flushed"}' "$(newest)" 2>/dev/null | tail -n1; }
session() {
    [[ $(durable) =~ \"key\":\"([^\"]*)\" ]]
    echo "${BASH_REMATCH[1]-}"
}
# Waits for a further fragment that is durable, by another session than $1.
records() {
    local before now
    before=$(durable)
    # Seldom, and with few programs: in the emulator, looking takes time from what is looked at.
    while read -rt 2 <>/run/inside/nothing; [ $? -gt 128 ]; do
        now=$(durable)
        if [ -n "$now" ] && [ "$now" != "$before" ]; then
            [[ $now != *"\"key\":\"${1:--}\""* ]] && break
        fi
    done
    session
}
mkfifo /run/inside/nothing
exec </dev/console
stty -echo
echo
echo "inside: slot $(grep -o 'rauc.slot=.' /proc/cmdline | tail -c2)"
while IFS= read -r line; do
    number=${line%% *}
    (eval "${line#* }") </dev/null 2>&1 | sed -u "s/^/inside $number: /"
    echo "inside $number ended ${PIPESTATUS[0]}"
done
"""
START_S = 800
_PLACE = re.compile(r"inside (\d+): (.*)")


class Refused(AssertionError):
    """A command failed inside; the text is what it said."""


@dataclass(frozen=True, slots=True)
class Shell:
    """The other end of the guest's serial port."""

    guest: Guest
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def wait(self, *, timeout_s: float = START_S) -> str:
        """Wait for the shell of the next start; return the slot that was started."""
        return self.guest.wait_for(r"^inside: slot (.)", timeout_s=timeout_s)[1]

    def ask(self, command: str, *, timeout_s: float = 120) -> str:
        """Run a command, a line of bash, and return what it said. Raises `Refused` if it failed."""
        number = self.tell(command)
        code = self.guest.wait_for(rf"^inside {number} ended (\d+)$", timeout_s=timeout_s)[1]
        said = "\n".join(match[2] for line in self.guest.lines if (match := _PLACE.match(line)) and match[1] == number)
        if code != "0":
            raise Refused(f"{command} ended with {code}: {said}")
        return said

    def tell(self, command: str) -> str:
        """Begin a command without waiting for its end; its number."""
        assert "\n" not in command and len(command) < 4000, "the console takes a line at a time"
        number = str(next(self._numbers))
        self.guest.type(f"{number} {command}\n")
        return number

    def until_recording(self, *, instead_of: str = "", timeout_s: float = START_S) -> tuple[str, float]:
        """
        Wait until a further fragment is durable, by another session than `instead_of`.

        Returns that session and how many seconds this machine has been waiting.
        """
        began = time.monotonic()
        session = self.ask(f"records {instead_of}".strip(), timeout_s=timeout_s)
        return session, time.monotonic() - began
