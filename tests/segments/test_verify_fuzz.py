"""Noise, and sidecars cut up and put together again: the reader never stumbles, and never calls them whole."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes.store_builder import BoxBuilder
from vigil.segments import canonical
from vigil.segments.note import NoteKey
from vigil.segments.sidecar import CHAIN_START, DOMAIN, REQUIRED, b64
from vigil.segments.verify import Bytes, check_segment
from vigil.segments.verify_account import Account, read_sidecar
from vigil.segments.verify_chain import ChainCheck
from vigil.segments.verify_words import Finding, Verdict

often = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> BoxBuilder:
    return BoxBuilder(tmp_path_factory.mktemp("box"))


@pytest.fixture(scope="module")
def whole(box: BoxBuilder) -> bytes:
    return box.camera().media(1000, 1000).seal.read_bytes()


def piece(data: bytes, at: int, size: int) -> bytes:
    return data[at : at + size]


def judged(data: bytes, identity: NoteKey) -> Account:
    """Read a sidecar, and judge it beside files that are not there, empty, and full of noise."""
    account = read_sidecar(data, identity)
    for noise in (None, b"", bytes(100_000)):
        file = None if noise is None else Bytes(len(noise), partial(piece, noise))
        assert check_segment(account, file, file).why
    return account


@often
@given(st.binary(max_size=2000))
def test_noise_is_read_without_stumbling(box: BoxBuilder, noise: bytes):
    account = judged(noise, box.identity.key)

    assert account.end is None
    # From the first zero byte on it is room for lines to come, where noise that is no signed line says nothing.
    assert account.fault is not None or b"\n" not in noise.split(b"\0")[0]


json = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 53), 1 << 53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
OPENED = {"camera": "gate", "seq": 1, "kind": "quiet", "boot": "b", "clock": "synced", "why": "start"}
PLAIN: dict[type, object] = {str: "quiet", int: 1, bool: False}
NAMES = sorted({"sha256", "tail_sha256", "damaged", "cert", "start_us", *(n for of in REQUIRED.values() for n in of)})


mad = st.dictionaries(st.sampled_from(NAMES), json, max_size=3)


@st.composite
def statements(draw: st.DrawFn) -> dict[str, object]:
    """A statement with all that its type must have, but for a few fields that are mad."""
    type_ = draw(st.sampled_from([*REQUIRED, "prophecy"]))
    good = {name: PLAIN[kind] for name, kind in REQUIRED.get(type_, {}).items()}
    return {**good, **draw(mad), "type": type_}


@often
@given(mad, st.lists(statements(), max_size=4))
def test_lines_that_are_signed_but_mad_are_read_without_stumbling(
    box: BoxBuilder, whole: bytes, opened: dict[str, object], said: list[dict[str, object]]
):
    session, prev, lines = box.session(certified=False), CHAIN_START, b""
    for n, fields in enumerate([{**OPENED, **opened, "type": "opened"}, *said]):
        line = {**fields, "n": n, "prev": prev, "at_us": 1, "steady_us": 1, "key": b64(session.public)}
        line["sig"] = b64(session.sign(DOMAIN + canonical.encode(line)))
        data = canonical.encode(line)
        lines, prev = lines + data + b"\n", hashlib.sha256(data).hexdigest()
    for data in (lines, lines.partition(b"\n")[2], whole + lines):
        account = judged(data, box.identity.key)
        chain = ChainCheck()
        assert len(chain.feed(1, account, Finding(Verdict.OK, "")) + chain.end()) == 1


@often
@given(st.data())
def test_a_finished_sidecar_has_no_second_form(box: BoxBuilder, whole: bytes, data: st.DataObject):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), min_size=1, max_size=6)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    chosen = data.draw(st.lists(st.sampled_from(pieces), max_size=8) | st.permutations(pieces))
    other = b"".join(chosen)
    account = judged(other, box.identity.key)

    if other != whole:
        assert account.fault is not None or account.end is None
        assert check_segment(account, None, None).verdict is not Verdict.OK


def test_a_sidecar_without_end_is_not_read_whole(tmp_path: Path):
    from vigil.store import verify_segment
    from vigil.store.disk import Disk

    (tmp_path / "x.seal").write_bytes(b"x" * (verify_segment.SIDECAR_MOST_BYTES + 1))
    assert verify_segment.SIDECAR_MOST_BYTES <= 1 << 24
    account = verify_segment.read_account(Disk(), tmp_path / "x.seal", None)
    assert account is not None
    assert account.torn_bytes == verify_segment.SIDECAR_MOST_BYTES
