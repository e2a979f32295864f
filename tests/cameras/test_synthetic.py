"""A camera that needs no hardware, and a scene with hands."""

from itertools import pairwise

import av
import pytest

from vigil.cameras.backoff import Backoff
from vigil.cameras.drawing import Canvas
from vigil.cameras.keeper import Keeper
from vigil.cameras.scene import VISIT_TAKES_S, SyntheticScene, utc
from vigil.cameras.source import Wishes
from vigil.cameras.synthetic import SyntheticSource
from vigil.clock import HandClock
from vigil.errors import CameraLost
from vigil.frames.nal import join_annexb, split_lengths
from vigil.frames.packet import Luma, Packet

FPS = 10


class Studio:
    """A small synthetic camera, its clock and its scene."""

    def __init__(self, *, visitors=False, luma=False, keyframe_distance_s=2.0, **more):
        self.clock = HandClock()
        self.scene = SyntheticScene(visitors=visitors)
        self.wishes = Wishes(luma=luma, keyframe_distance_s=keyframe_distance_s)
        self.settings = {"width": 160, "height": 96, "fps": FPS, "bit_rate_kbps": 200, **more}
        self.source = self.open()

    def open(self):
        return SyntheticSource(self.clock, wishes=self.wishes, scene=self.scene, **self.settings)

    def film(self, seconds):
        got = []
        end_us = self.clock.steady_us() + round(seconds * 1_000_000)
        while self.clock.steady_us() < end_us:
            got += self.source.read(1)
        return got


def packets(items):
    return [item for item in items if isinstance(item, Packet)]


def looks(items):
    return [item for item in items if isinstance(item, Luma)]


def decoded(items):
    """Decode the pictures with another decoder than the one that made them."""
    decoder = av.CodecContext.create("h264", "r")
    frames = []
    for packet in packets(items):
        sets = packet.codec.parameter_sets if packet.key else ()
        units = (*sets, *split_lengths(packet.data))
        frames += decoder.decode(av.Packet(join_annexb(units)))
    return frames + decoder.decode(None)


def test_it_films_at_its_pace():
    got = packets(Studio().film(3))
    assert len(got) == 3 * FPS + 1  # the first at once
    assert {b.pts - a.pts for a, b in pairwise(got)} == {9000}
    assert all(packet.pts == packet.dts for packet in got)


def test_what_it_encodes_decodes():
    got = Studio().film(1)
    frames = decoded(got)
    assert len(frames) == len(packets(got)) == FPS + 1
    assert {(frame.width, frame.height) for frame in frames} == {(160, 96)}


@pytest.mark.parametrize("distance_s", [0.5, 2.0])
def test_keyframes_come_as_often_as_they_are_wished_for(distance_s):
    keys = [packet.pts for packet in packets(Studio(keyframe_distance_s=distance_s).film(6)) if packet.key]
    assert len(keys) >= 3
    assert {b - a for a, b in pairwise(keys)} == {round(distance_s * 90_000)}


def test_a_keyframe_comes_when_it_is_asked_for():
    studio = Studio(keyframe_distance_s=60)
    assert sum(packet.key for packet in packets(studio.film(1))) == 1
    studio.source.request_keyframe()
    assert packets(studio.film(0.2))[0].key


def test_the_clock_in_the_picture_moves():
    studio = Studio(luma=True, width=320, height=180)
    first = looks(studio.film(0.3))[0].grey
    studio.clock.step(3600)
    later = looks(studio.film(0.5))[-1].grey
    corner = [row * 320 + column for row in range(2, 11) for column in range(2, 140)]
    assert [first[at] for at in corner] != [later[at] for at in corner]


def test_the_clock_shows_utc():
    assert utc(1_770_000_000_000_000) == "2026-02-02 02:40:00 UTC"


def test_without_a_wish_no_grey_pictures_come():
    assert not looks(Studio().film(1))


def test_grey_pictures_come_at_the_rate_wished_for():
    got = Studio(luma=True).film(4)
    assert 19 <= len(looks(got)) <= 21
    assert {(luma.width, luma.height, len(luma.grey)) for luma in looks(got)} == {(160, 96, 160 * 96)}
    assert sum(luma.key for luma in looks(got)) >= 2


def test_a_large_picture_is_shrunk_for_motion():
    canvas = Canvas(1280, 720, stride=1344)
    canvas.rectangle(640, 0, 640, 720, 200)
    small = canvas.shrunk(2)
    assert len(small) == 640 * 360
    assert small[319] == 16
    assert small[320] == small[639] == small[-1] == 200


def test_somebody_who_walks_in_is_seen_and_leaves():
    studio = Studio(luma=True)
    empty = looks(studio.film(1))[-1].grey
    studio.scene.walk_in()
    during = looks(studio.film(VISIT_TAKES_S / 2))[-1].grey
    after = looks(studio.film(VISIT_TAKES_S))[-1].grey

    def changed(grey):
        return sum(abs(a - b) > 20 for a, b in zip(grey[160 * 20 :], empty[160 * 20 :], strict=True))

    assert changed(during) > 160 * 96 // 50
    assert changed(after) == 0


def test_visitors_come_by_themselves_until_the_room_is_to_be_empty():
    studio = Studio(visitors=True, luma=True)
    body = 45
    assert any(body in luma.grey for luma in looks(studio.film(21)))
    studio.scene.empty()
    studio.film(1)
    assert not any(body in luma.grey[160 * 20 :] for luma in looks(studio.film(21)))


def test_a_frozen_scene_repeats_itself_bit_by_bit():
    studio = Studio(luma=True)
    studio.film(1)
    studio.scene.freeze()
    frozen = looks(studio.film(5))
    assert len({luma.grey for luma in frozen}) == 1
    studio.scene.thaw()
    assert len({luma.grey for luma in looks(studio.film(5))}) > 1


def test_a_covered_lens_is_black():
    studio = Studio(luma=True)
    studio.scene.black()
    assert set(looks(studio.film(1))[-1].grey) == {16}
    studio.scene.light()
    assert max(looks(studio.film(1))[-1].grey) > 100


def test_an_unplugged_camera_is_lost_and_cannot_be_opened():
    studio = Studio()
    studio.film(1)
    studio.scene.vanish()
    with pytest.raises(CameraLost, match="unplugged"):
        studio.film(1)
    with pytest.raises(CameraLost, match="unplugged"):
        studio.open()
    studio.scene.come_back()
    studio.source = studio.open()
    assert packets(studio.film(1))


def test_a_stalled_camera_is_lost_after_its_time_out():
    studio = Studio(read_timeout_s=3)
    studio.film(1)
    studio.scene.stall()
    began_us = studio.clock.steady_us()
    with pytest.raises(CameraLost, match="no picture for 3 s"):
        studio.film(60)
    assert 2_900_000 <= studio.clock.steady_us() - began_us <= 3_200_000


def test_a_short_stall_is_no_loss():
    studio = Studio(read_timeout_s=3)
    studio.film(1)
    studio.scene.stall()
    assert studio.film(2) == []
    studio.scene.resume()
    assert packets(studio.film(1))


def test_garbage_is_a_lost_camera():
    studio = Studio()
    studio.film(1)
    studio.scene.garbage()
    with pytest.raises(CameraLost, match="garbage"):
        studio.film(1)


def test_another_size_is_another_codec_and_time_goes_on():
    studio = Studio()
    before = packets(studio.film(1))
    studio.scene.change_size(192, 128)
    after = packets(studio.film(1))
    assert {(packet.codec.width, packet.codec.height) for packet in before} == {(160, 96)}
    assert {(packet.codec.width, packet.codec.height) for packet in after} == {(192, 128)}
    assert after[0].key
    assert after[0].pts - before[-1].pts == 9000
    assert studio.source.describe()["resolution"] == "192x128"


def test_odd_sides_are_made_even():
    assert Studio(width=161, height=97).source.describe()["resolution"] == "160x96"


def test_after_a_long_pause_it_goes_on_from_now():
    studio = Studio()
    studio.film(1)
    studio.clock.forward_us(60_000_000)
    got = packets(studio.film(1))
    assert len(got) <= FPS + 1


def test_a_closed_camera_reads_nothing():
    studio = Studio()
    studio.source.close()
    studio.source.close()
    assert studio.source.read(1) == ()


def test_a_keeper_brings_an_unplugged_camera_back():
    studio = Studio()
    keeper = Keeper(studio.open, studio.clock, backoff=Backoff(lambda: 0.5))
    while not keeper.read(1):
        pass
    studio.scene.vanish()
    for _ in range(10):
        assert keeper.read(1) == ()
    studio.scene.come_back()
    while not keeper.read(1):
        pass
    assert keeper.state.losses == 0
