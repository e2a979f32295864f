#!/bin/sh
# Says on the console what failed; the reset follows when this has ended, however it ended.
set -u

echo "Vigil: this system does not start; the box resets"
systemctl list-units --failed --plain --no-legend --no-pager | cut -d' ' -f1 | sed 's/^/Vigil: failed: /'
systemctl list-jobs --plain --no-legend --no-pager | cut -c1-120 | sed 's/^/Vigil: waiting: /'
