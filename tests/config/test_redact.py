"""Secrets stay out of what people see."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigil.config.redact import shown, without_secrets


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("rtsp://me:hush@10.0.0.5:554/x", "rtsp://***@10.0.0.5:554/x"),
        ("rtsp://me:hu/sh@10.0.0.5/x", "rtsp://***@10.0.0.5/x"),
        ("rtsp://me:hu@sh@10.0.0.5/x", "rtsp://***@10.0.0.5/x"),
        ("rtsp://hush@10.0.0.5/x", "rtsp://***@10.0.0.5/x"),
        ("cannot open 'RTSP://me:hush@h/x': refused", "cannot open 'RTSP://***@h/x': refused"),
        ("a rtsp://me:hush@h/x b rtsp://me:hush@k/y", "a rtsp://***@h/x b rtsp://***@k/y"),
        ("rtsp://h/x?user=admin&password=hush&channel=1", "rtsp://h/x?user=admin&password=***&channel=1"),
        ("rtsp://h/user=admin_password=hush_channel=1", "rtsp://h/user=admin_password=***"),
        ("pwd=hush token=hush", "pwd=*** token=***"),
        ("key AGE-SECRET-KEY-1HUSHHUSH.", "key AGE-SECRET-KEY-***."),
        ("rtsp://h/x", "rtsp://h/x"),
        ("mail a@b about rtsp://h/x", "mail a@b about rtsp://h/x"),
    ],
)
def test_passwords_and_keys_are_hidden(text: str, seen: str):
    assert without_secrets(text) == seen
    assert without_secrets(seen) == seen


_SECRET = st.text(st.characters(codec="ascii", exclude_categories=["C", "Z"], exclude_characters="'\"<>"), min_size=1)


@settings(deadline=None)
@given(_SECRET)
def test_no_part_of_a_password_is_seen_whatever_is_in_it(secret: str):
    assert without_secrets(f"open rtsp://user:{secret}@10.0.0.5/x now") == "open rtsp://***@10.0.0.5/x now"


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (True, "true"),
        (5, "5"),
        pytest.param(10**5000, "a very large number", id="very large"),
        (0.5, "0.5"),
        ([], "an empty list"),
        ([1], "a list"),
        ({}, "a table"),
        ('say "hi"\n', '"say \\"hi\\"\\n"'),
        ("\x00\U000e0001", '"\\u0000\\U000E0001"'),
        ("x" * 100, '"' + "x" * 57 + '..."'),
        ("rtsp://me:hush@h/x", '"rtsp://***@h/x"'),
    ],
)
def test_a_value_fits_into_a_sentence(value: object, seen: str):
    assert shown(value) == seen
