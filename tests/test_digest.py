"""SHA-256 and HMAC are what everybody else's are."""

from __future__ import annotations

import hashlib
import hmac
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from vigil.digest import Sha256, hmac_sha256, is_hmac_sha256, sha256


@given(st.lists(st.binary(max_size=5000), max_size=6))
def test_a_digest_is_the_same_whole_in_pieces_and_elsewhere(pieces):
    whole = b"".join(pieces)
    running = Sha256(pieces[0] if pieces else b"")
    for n, piece in enumerate(pieces[1:], start=2):
        assert running.hexdigest() == hashlib.sha256(b"".join(pieces[: n - 1])).hexdigest(), "asking ends nothing"
        running.update(piece)

    assert running.digest() == sha256(whole) == hashlib.sha256(whole).digest()


@given(st.binary(min_size=1, max_size=100), st.binary(max_size=1000))
def test_an_hmac_is_known_by_who_has_the_key_alone(key, message):
    mac = hmac_sha256(key, message)

    assert mac == hmac.digest(key, message, "sha256")
    assert is_hmac_sha256(mac, key, message)
    assert not is_hmac_sha256(mac, key, message + b"x")
    assert not is_hmac_sha256(mac[:-1], key, message)


def test_who_records_loads_one_copy_of_openssl():
    program = """
import sys
import vigil.cli.run, vigil.processes.record, vigil.cameras.replay
print(sorted({"_hashlib", "_ssl", "av", "numpy", "cv2"} & set(sys.modules)))
"""
    found = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, env={"PYTHONPATH": "firmware"}
    )
    assert found.stdout == "[]\n"
