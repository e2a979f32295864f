"""What is recorded, from when to when."""

from __future__ import annotations

from fakes.packets import picture, stream
from fakes.takes import SECOND_US, Cue, Recorder, new_take, play
from vigil.frames.instructions import AskKeyframe, End, Mark, Mode, Rate, Why
from vigil.frames.take import MOTION, Take


def test_continuous_records_everything_and_only_marks_events() -> None:
    packets = [picture(0), *stream(seconds=20, start_us=100_000)]
    told = [
        Cue(5 * SECOND_US, 5 * SECOND_US, MOTION, began=True),
        Cue(9 * SECOND_US, 9 * SECOND_US, MOTION, began=False),
    ]
    recorder = play(new_take(Mode.CONTINUOUS), packets, told)

    (only,) = recorder.takes
    assert only.packets == packets[1:]
    assert only.end is None
    assert (only.begin.reason, only.begin.short) == ("continuous", False)
    assert recorder.marks == [Mark(MOTION, 5 * SECOND_US, began=True), Mark(MOTION, 9 * SECOND_US, began=False)]


def test_overlapping_events_make_one_take_that_lasts_until_the_last_is_over() -> None:
    told = [
        Cue(10 * SECOND_US, 10 * SECOND_US, MOTION, began=True),
        Cue(12 * SECOND_US, 12 * SECOND_US, "door", began=True),
        Cue(14 * SECOND_US, 14 * SECOND_US, MOTION, began=False),
        Cue(21 * SECOND_US, 21 * SECOND_US, "door", began=False),
    ]
    recorder = play(new_take(Mode.MOTION), list(stream(seconds=40)), told)

    (only,) = recorder.takes
    assert (only.begin.reason, only.begin.at_us) == (MOTION, 10 * SECOND_US)
    assert only.begin.pre_roll_got_s == 6.0
    assert only.end == End(Why.OVER, 26 * SECOND_US)
    assert [mark.name for mark in recorder.marks] == [MOTION, "door", MOTION, "door"]


def test_an_endless_event_is_one_take_without_end() -> None:
    told = [Cue(10 * SECOND_US, 10 * SECOND_US, "door", began=True)]
    recorder = play(new_take(Mode.MOTION), list(stream(seconds=600, fps=2)), told)

    assert [take.end for take in recorder.takes] == [None]
    assert recorder.takes[0].packets[-1].at_us == 599_500_000


def test_a_cue_that_needed_a_second_to_be_sure_still_gets_its_whole_pre_roll() -> None:
    told = [Cue(21_050_000, 20_050_000, MOTION, began=True)]
    recorder = play(new_take(Mode.MOTION), list(stream(seconds=30, keyframe_every=1)), told)

    (only,) = recorder.takes
    assert only.packets[0].at_us == 15_000_000
    assert (only.begin.pre_roll_got_s, only.begin.short) == (5.05, False)


def test_an_event_right_after_another_continues_it_without_a_hole() -> None:
    take, recorder = new_take(Mode.MOTION), Recorder()
    packets = list(stream(seconds=40))
    for packet in packets:
        if packet.at_us in (10 * SECOND_US, 15 * SECOND_US):
            recorder.do(take.pulse("button", packet.at_us))
        recorder.do(take.packets([packet]))

    first, second = recorder.takes
    assert first.end == End(Why.OVER, 14 * SECOND_US)
    assert (second.begin.continues, second.begin.pre_roll_got_s, second.begin.short) == (True, 1.0, False)
    assert first.packets + second.packets == packets[40:200]


def test_an_event_before_the_first_keyframe_asks_for_one_and_is_recorded_from_there() -> None:
    take, recorder = new_take(Mode.MOTION), Recorder()
    recorder.do(take.packets([picture(SECOND_US)]))
    recorder.do(take.pulse("button", SECOND_US))
    assert recorder.asked == 1

    # Even where the keyframe comes after the post-roll: something is better than nothing.
    recorder.do(take.packets([picture(2 * SECOND_US), late := picture(9 * SECOND_US, key=True)]))
    (only,) = recorder.takes
    assert only.packets == [late]
    assert (only.begin.reason, only.begin.pre_roll_got_s, only.begin.short) == ("button", 0.0, True)


def test_an_event_that_finds_the_ring_squeezed_empty_ends_the_idle_keyframes_first() -> None:
    take = Take(mode=Mode.KEYFRAMES_MOTION, started_us=0, limit_bytes=3)
    recorder = Recorder()
    recorder.do(take.packets([picture(n * 100_000, key=n == 0) for n in range(9)]))
    recorder.do(take.pulse("button", SECOND_US))
    recorder.do(take.packets([key := picture(2 * SECOND_US, key=True)]))

    idle, event = recorder.takes
    assert (idle.begin.rate, idle.end) == (Rate.KEYFRAMES, End(Why.EVENT, 2 * SECOND_US))
    assert (event.packets, event.begin.short) == ([key], True)


def test_a_door_that_stays_open_through_a_pause_is_recorded_again_after_it() -> None:
    take, recorder = new_take(Mode.MOTION), Recorder()
    recorder.do(take.packets(list(stream(seconds=8))))
    recorder.do(take.began("door", 8 * SECOND_US))
    recorder.do(take.began(MOTION, 8 * SECOND_US))
    recorder.do(take.pause(9 * SECOND_US))
    assert recorder.takes[0].end == End(Why.PAUSED, 9 * SECOND_US)
    assert take.pause(9 * SECOND_US) == []

    recorder.do(take.packets([picture(10 * SECOND_US, key=True)]))
    recorder.do(take.resume())
    assert take.resume() == []
    recorder.do(take.packets([picture(12 * SECOND_US), key := picture(13 * SECOND_US, key=True)]))
    assert recorder.asked == 1
    assert recorder.takes[1].packets == [key]
    assert (recorder.takes[1].begin.reason, recorder.takes[1].begin.short) == ("door", False)


def test_what_was_in_memory_when_the_owner_pressed_pause_is_forgotten() -> None:
    for mode in (Mode.MOTION, Mode.KEYFRAMES_MOTION):
        take, recorder = new_take(mode), Recorder()
        recorder.do(take.packets(list(stream(seconds=4))))
        recorder.do(take.pause(4 * SECOND_US))
        recorder.do(take.resume())
        recorder.do(take.packets([key := picture(5 * SECOND_US, key=True)]))
        recorder.do(take.pulse("button", 5 * SECOND_US))
        assert recorder.packets(Rate.FULL) == [key]


def test_motion_that_goes_on_through_a_pause_is_recorded_after_it_and_motion_that_ended_is_not() -> None:
    for ends in (False, True):
        take, recorder = new_take(Mode.MOTION), Recorder()
        recorder.do(take.packets([picture(0, key=True)]))
        recorder.do(take.began(MOTION, 0))
        recorder.do(take.pause(SECOND_US))
        if ends:
            recorder.do(take.ended(MOTION, 2 * SECOND_US))
        recorder.do(take.resume())
        recorder.do(take.packets([picture(3 * SECOND_US, key=True)]))
        assert len(recorder.takes) == (1 if ends else 2)


def test_motion_does_not_outlast_a_camera_that_is_lost_during_a_pause() -> None:
    take, recorder = new_take(Mode.MOTION), Recorder()
    recorder.do(take.began(MOTION, 0))
    recorder.do(take.pause(0))
    recorder.do(take.camera_lost(SECOND_US))
    recorder.do(take.resume())
    recorder.do(take.packets([picture(60 * SECOND_US, key=True)]))
    assert recorder.takes == []


def test_a_button_pressed_before_a_pause_does_not_record_after_it() -> None:
    take, recorder = new_take(Mode.MOTION), Recorder()
    recorder.do(take.packets(list(stream(seconds=8))))
    recorder.do(take.pulse("button", 8 * SECOND_US))
    recorder.do(take.pause(8 * SECOND_US))
    recorder.do(take.resume())
    recorder.do(take.packets(list(stream(seconds=1, start_us=9 * SECOND_US))))
    assert len(recorder.takes) == 1


def test_an_event_goes_on_when_the_camera_comes_back_within_its_post_roll() -> None:
    take, recorder = new_take(Mode.MOTION), Recorder()
    recorder.do(take.packets(list(stream(seconds=8))))
    recorder.do(take.began(MOTION, 8 * SECOND_US))
    recorder.do(take.camera_lost(9 * SECOND_US))
    recorder.do(take.packets(list(stream(seconds=9, start_us=11 * SECOND_US))))

    before, after = recorder.takes
    assert before.end == End(Why.NO_CAMERA, 9 * SECOND_US)
    assert recorder.marks[-1] == Mark(MOTION, 9 * SECOND_US, began=False)
    assert (after.begin.reason, after.begin.short, after.begin.continues) == (MOTION, False, False)
    assert (after.packets[0].at_us, after.end) == (11 * SECOND_US, End(Why.OVER, 13 * SECOND_US))


def test_what_ended_without_having_begun_and_what_begins_twice_changes_nothing() -> None:
    take = new_take(Mode.MOTION)
    assert take.ended("door", 0) == []
    assert take.began("door", 0) == [AskKeyframe(), Mark("door", 0, began=True)]
    assert take.began("door", 1) == []


def test_idle_is_stated_at_least_every_thirty_seconds_and_says_why() -> None:
    take, recorder = new_take(Mode.MOTION), Recorder()

    def live(seconds: range, *, camera: bool) -> None:
        for second in seconds:
            if camera:
                recorder.do(take.packets([picture(second * SECOND_US, key=True)]))
            recorder.do(take.tick(second * SECOND_US))

    live(range(100), camera=False)
    live(range(100, 200), camera=True)
    recorder.do(take.pause(200 * SECOND_US))
    live(range(200, 300), camera=True)
    recorder.do(take.resume())
    live(range(300, 400), camera=True)

    times = [idle.at_us for idle in recorder.idles]
    assert max(b - a for a, b in zip([0, *times], [*times, 400 * SECOND_US], strict=True)) < 30 * SECOND_US
    for first, why in ((0, Why.NO_CAMERA), (105, Why.QUIET), (205, Why.PAUSED), (305, Why.QUIET)):
        assert {i.why for i in recorder.idles if first <= i.at_us / SECOND_US < first + 90} == {why}


def test_no_idle_is_stated_while_pictures_are_due_or_written() -> None:
    take, recorder = new_take(Mode.KEYFRAMES_MOTION), Recorder()
    for second in range(200):
        if second == 100:
            recorder.do(take.began("door", 100 * SECOND_US))
        recorder.do(take.packets([picture(second * SECOND_US, key=second % 20 == 0)]))
        recorder.do(take.tick(second * SECOND_US))
    assert recorder.idles == []

    continuous = new_take(Mode.CONTINUOUS)
    continuous.packets([picture(0)])
    assert continuous.tick(100 * SECOND_US) == []
