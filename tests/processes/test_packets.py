"""The words on the hub: whatever arrives is a whole message of ours, or is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil import events
from vigil.errors import FormatError
from vigil.processes.packets import LIMIT_BYTES, decode, encode

EXAMPLES = [
    events.Hello(peer="record@gate"),
    events.Status(camera="gate", state="recording", fps=14.9, source={"encoder": "libx264"}),
    events.Written(camera="gate", store="5e" * 16, segment=7, line=2),
    events.Health(
        log_id="0011", entries=4, checkpoint=3, free_bytes=1, total_bytes=2, video_bytes=0, segments=1, clock="synced"
    ),
    events.Health(
        log_id="0011",
        entries=4,
        checkpoint=3,
        free_bytes=1,
        total_bytes=2,
        video_bytes=0,
        segments=1,
        clock="synced",
        faults=["camera gate: away"],
        level="failed",
        since_us=-5,
        blinks=1,
        probes=[{"id": "camera.lost", "subject": "gate", "level": "failed", "since_us": -5}, {"id": "disk"}],
    ),
    events.Watch(),
    events.Delete(camera="gate", segment=1, why="too old"),
    events.Checkpoint(note="…"),
    events.Cue(camera="gate", name="door", state="began"),
    events.Pause(camera="gate", paused=True, who="me"),
    events.LogLevel(level="debug"),
    events.ConfirmTime(who="me"),
    events.Ups(status=["OB", "DISCHRG"], charge_pct=87.5, runtime_s=1800, model="Back-UPS"),
    events.Network(way_out=True, connected=["eth0"], apart=["wlan0"]),
    events.Board(flags=["under-voltage"], temperature_c=61.2, boot="b0", card="03534453", written_bytes=7, life_used=2),
    events.Answer(ok=False, words="no"),
    events.SetArm(mode="away", pin="2468", client="10.0.0.5", route="page"),
    events.Ownership(owned="claimed", administrator="anna", takeover="waiting", takeover_left_s=86_400),
    events.OpenClaim(),
    events.TakeClaim(administrator="anna", recipients=["age1"], client="10.0.0.5"),
    events.CancelTakeover(pin="2468", client="hall", route="keypad"),
    events.NewPin(passphrase="lusab-babad", pin="8642", client="10.0.0.5", route="page"),
    events.Pressed(button="panel", gesture="short", at_us=5),
    events.Senses(faults={"button": "it is stuck"}),
    events.SensorSaid(sensor="attic", active=True, changes=1, at_us=5, value="46.5 °C"),
    events.TopicSaid(topic="zigbee2mqtt/door", payload='{"contact": false}'),
    events.Sightings(seen={"anna": "ping"}, missed=["ben"], witness=True, trouble="no cable is plugged in"),
    events.AskPresence(),
    events.MemberKnown(member="anna", role="adult", state="home", since_us=7, seen_age_us=5, how="ping"),
    events.PresenceKnown(state="unknown", why="the router does not answer"),
    events.Plugs(devices=['{"name":"046d:082d@1-1.2"}']),
    events.Exporting(state="full", done_pm=400, segments=3, bytes=9, stick="ab", words="the stick is full"),
    events.Display(lamps={"arm": "steady"}, sound="siren", sound_left_us=5, brightness_pct=40),
    events.Touch(gesture="hold"),
    events.Lit(levels={"arm": "100"}),
]


def test_there_is_an_example_of_every_kind():
    assert {type(one) for one in EXAMPLES} == set(events.KINDS.values())


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda m: m.kind)
def test_a_message_comes_out_as_it_went_in(message):
    assert decode(encode(message)) == message


def test_no_secret_stands_where_a_message_is_shown():
    shown = " ".join(map(repr, EXAMPLES))

    assert "10.0.0.5" in shown
    assert all(secret not in shown for secret in ("2468", "8642", "lusab"))


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"[]",
        b"{}",
        b'{"kind":"prophecy"}',
        b'{"kind":["hello"]}',
        b'{"kind":"hello"}',
        b'{"kind":"hello","peer":5}',
        b'{"kind":"hello","peer":"a","mood":"b"}',
        b'{"kind":"written","camera":"a","segment":true}',
        b'{"kind":"written","camera":"a","segment":1.5}',
        b'{"kind":"status","camera":"a","state":"b","source":{"x":1}}',
        b'{"kind":"health","probes":[{"id":true}]}',
        b'{"kind":"health","probes":["camera.lost"]}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_nonsense_is_refused(packet: bytes):
    with pytest.raises(FormatError):
        decode(packet)


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes):
    with pytest.raises(FormatError):
        decode(noise)


_JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))


@given(st.sampled_from(sorted(events.KINDS)), st.dictionaries(st.text(max_size=8), _JSON, max_size=5))
def test_any_object_is_a_message_or_refused(kind: str, fields: dict):
    try:
        read = decode(json.dumps({**fields, "kind": kind}).encode())
    except FormatError:
        return

    assert read.kind == kind


def test_a_message_too_large_for_a_packet_is_refused_before_it_is_sent():
    with pytest.raises(FormatError, match="does not fit"):
        encode(events.Answer(ok=True, words="x" * LIMIT_BYTES))


def test_a_pin_is_not_shown_with_the_message_that_bears_it():
    assert "2468" not in repr(events.SetArm(mode="away", pin="2468", client="10.0.0.5", route="page"))
