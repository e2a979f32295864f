"""
Vigil: a recorder which can be trusted. The map of this program, in the order light travels.

    cameras/    light becomes packets        (one sibling per kind of camera, behind `source.py`)
    frames/     packets are held and chosen  (pre-roll ring, takes, motion: pure)
    segments/   packets become sealed bytes  (fragmented MP4, age, signed sidecar, verification: pure)
    store/      sealed bytes are kept        (disk, recovery, journal, index, retention)
    out/        sealed bytes leave the box   (films for whoever holds the key)
    guard/      judgement                    (pure)
    body/       the box's own senses and lamps
    config/     what the owner asked for     (every mistake at once)
    clock/      what time it is, and how far it may be believed
    events/     the words the parts use to each other
    processes/  the only wiring: record, guard, body, signer, run
    cli/        what a person types
"""

__version__ = "0.1.0"

BUILT_US = 1_795_305_600_000_000
"""When this version was made (UTC, microseconds): no clock that says less can be right."""
