"""Whether a box may take an update: what it is for, its version, its size, and its outside."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from vigil.errors import FormatError
from vigil.upkeep.bundle import HEAD_BYTES, Bundle, Running, objection, order_of, read_bundle, shape_of

GOOD = Bundle(compatible="vigil-debian", version="1.2.0", build="b", sizes={"boot": 10, "root": 20})
HERE = Running(compatible="vigil-debian", version="1.2.0", rooms={"boot": 10, "root": 20})


@pytest.mark.parametrize("version", ["1.2.0", "1.2.1", "1.10.0", "2", "2.0", "1.2.1-rc.1"])
def test_a_version_that_is_not_older_is_taken(version: str):
    assert objection(replace(GOOD, version=version), HERE) == ""


@pytest.mark.parametrize(
    ("bundle", "why"),
    [
        (replace(GOOD, compatible="vigil-raspberrypi"), "it is for vigil-raspberrypi"),
        (replace(GOOD, version="1.1.9"), "older than 1.2.0"),
        (replace(GOOD, version="1.2.0-rc.1"), "older than 1.2.0"),
        (replace(GOOD, version="newest"), "cannot|not one that can be compared"),
        (replace(GOOD, sizes={"boot": 10, "root": 21}), "not enough room: its root image has 21 bytes"),
        (replace(GOOD, sizes={"root": 20}), "no image for the boot partition"),
    ],
)
def test_what_a_box_must_not_take_is_refused_with_the_reason(bundle: Bundle, why: str):
    assert re.search(why, objection(bundle, HERE))


def test_versions_are_ordered_as_semver_says():
    versions = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
                "1.0.0", "1.0.1", "1.2", "1.10.0", "2"]  # fmt: skip

    assert sorted({*versions}, key=lambda one: order_of(one) or ()) == versions
    assert order_of("1.2+build.7") == order_of("1.2.0") and order_of("v1") is None and order_of("") is None


def test_what_rauc_says_of_a_bundle_is_read():
    told = {
        "update": {"compatible": "vigil-debian", "version": "1.2.0"},
        "images": [{"slot-class": "boot", "size": 10}, {"slot-class": "root", "size": 20}],
    }

    assert read_bundle(json.dumps(told)) == replace(GOOD, build="")
    for broken in ("", "[]", "{}", json.dumps({**told, "images": [{}]})):
        with pytest.raises(FormatError):
            read_bundle(broken)


def outside(size_bytes: int, *, content: int = 8192, signature: int = 1000) -> str:
    head = b"hsqs".ljust(40, b"\0") + content.to_bytes(8, "little")
    return shape_of(head.ljust(HEAD_BYTES, b"\0"), signature.to_bytes(8, "big"), size_bytes)


def test_the_outside_of_a_bundle_says_what_is_wrong_with_it():
    whole = 8192 + 4096 + 1000 + 8

    assert outside(whole) == ""
    assert "truncated: 5000 bytes" in outside(5000)
    assert outside(8192) == outside(8191, content=8000) == "the update is not signed"
    assert "no signature is at its end" in outside(whole, signature=0)
    assert "no signature is at its end" in outside(whole, signature=1 << 40)
    assert shape_of(b"", b"", 0) == shape_of(b"x" * HEAD_BYTES, b"\0" * 8, 4096) == "this is not an update"
