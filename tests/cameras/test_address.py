"""What may be shown of a camera's address."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.cameras.address import shown


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("rtsp://10.0.0.5/main", "rtsp://10.0.0.5/main"),
        ("rtsp://joe:sesame@10.0.0.5:554/main", "rtsp://10.0.0.5:554/main"),
        ("rtsp://joe:p@ss@cam.local/main", "rtsp://cam.local/main"),
        ("rtsp://cam.local/cgi?user=joe&pwd=sesame", "rtsp://cam.local/cgi"),
        ("rtsps://joe:sesame@[fe80::1]:322/main", "rtsps://[fe80::1]:322/main"),
        ("joe:sesame@cam/main", "the camera's address"),
        ("rtsp://joe:sesame@cam:none/main", "the camera's address"),
        ("/dev/video0", "/dev/video0"),
    ],
)
def test_users_and_passwords_are_left_out(address, expected):
    assert shown(address) == expected


@given(st.text(min_size=1, max_size=20).map(lambda word: "Z" + quote(word, safe="") + "Z"))
def test_no_password_is_ever_shown(password):
    assert password not in shown(f"rtsp://joe:{password}@cam.local/main")
    assert password not in shown(f"rtsp://cam.local/main?password={password}")
