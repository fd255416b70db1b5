"""EDLs: what their adapter drops is read from their own lines."""

from pathlib import Path

import pytest

from vidstyle.errors import ShotListError
from vidstyle.shots import Edit, ListConfig, read_edit
from vidstyle.shots.cmx import with_drop_marks

HEAD = "TITLE: cut\nFCM: NON-DROP FRAME\n\n"


def read(tmp_path: Path, text: str, fps: str = "24", **how: object) -> Edit:
    path = tmp_path / "cut.edl"
    path.write_text(text)
    return read_edit(path, ListConfig(fps=fps, **how))


def test_the_frame_rate_is_asked_for(tmp_path: Path):
    (tmp_path / "a.edl").write_text(HEAD)
    with pytest.raises(ShotListError, match="--fps 24"):
        read_edit(tmp_path / "a.edl")


def test_events_keep_their_numbers_reels_and_place_in_the_timeline(tmp_path: Path):
    edit = read(
        tmp_path,
        HEAD + "007  TAPE1    V     C        01:00:00:10 01:00:00:20 10:00:00:00 10:00:00:10\n"
        "* FROM CLIP NAME:  one.mov\n* SOURCE FILE: REALNAME.mxf\n"
        "009  AX       V     C        02:00:00:00 02:00:01:00 10:00:01:00 10:00:02:00\n"
        "* FROM CLIP NAME:  two (LAY3) FF\n",
    )
    one, two = edit.events
    assert (one.number, one.shot, one.hint.reel, one.hint.file) == ("007", "one", "TAPE1", "REALNAME.mxf")
    assert (one.first, one.frames, one.record, one.length) == (86410, 10, 0, 10)
    assert (two.number, two.shot, two.hint.reel, two.record) == ("009", "two", "", 24)
    assert edit.start == 10 * 3600 * 24
    assert edit.record_label(two) == "10:00:01:00"
    assert any("gap of 14 frames" in line for line in edit.skipped)


def test_the_incoming_clip_of_a_dissolve_is_the_one_that_comes(tmp_path: Path):
    edit = read(
        tmp_path,
        HEAD + "001  A001     V     C        01:00:00:00 01:00:01:00 00:00:00:00 00:00:01:00\n"
        "* FROM CLIP: /plates/A001.mov\n"
        "002  A001     V     C        01:00:01:00 01:00:01:00 00:00:01:00 00:00:01:00\n"
        "002  A002     V     D    012 01:00:05:00 01:00:06:00 00:00:01:00 00:00:02:00\n"
        "* FROM CLIP: /plates/A001.mov\n* TO CLIP: /plates/A002.mov\n* TO CLIP NAME: SHOT_B\n",
    )
    out, coming = edit.events
    assert out.hint.url == "/plates/A001.mov"
    assert (out.frames, out.tail) == (24, 12)
    assert (coming.hint.url, coming.shot, coming.hint.reel) == ("/plates/A002.mov", "SHOT_B", "A002")


def test_what_goes_on_after_a_transition_is_one_shot(tmp_path: Path):
    edit = read(
        tmp_path,
        HEAD + "001  A        V     C        01:00:00:00 01:00:01:00 00:00:00:00 00:00:01:00\n"
        "002  A        V     C        01:00:01:00 01:00:01:00 00:00:01:00 00:00:01:00\n"
        "002  B        V     D    012 01:00:05:00 01:00:05:12 00:00:01:00 00:00:01:12\n"
        "003  B        V     C        01:00:05:12 01:00:07:00 00:00:01:12 00:00:03:00\n",
    )
    assert [(event.number, event.frames) for event in edit.events] == [("001", 24), ("002", 48)]
    assert len(edit.events[1].places) == len(edit.events[1].elements) == 2


def test_drop_frame_goes_by_its_header(tmp_path: Path):
    event = "001  A   V     C        01:00:59:28 01:01:00:04 00:00:00:00 00:00:00:04\n"
    text = f"TITLE: cut\nFCM: DROP FRAME\n{event}"
    assert "01:00:59;28" in with_drop_marks(text)
    (found,) = read(tmp_path, text, "29.97").events
    assert found.frames == 4
    assert with_drop_marks(HEAD + event) == HEAD + event


@pytest.mark.parametrize(
    ("speed", "frames", "pace"), [("048.0", 48, 2.0), ("012.0", 12, 0.5), ("000.0", 1, 0.0), ("047.6", 48, 47.6 / 24)]
)
def test_motion_effects_say_how_many_frames_are_needed(tmp_path: Path, speed: str, frames: int, pace: float):
    source = {"048.0": "01:00:02:00", "012.0": "01:00:00:12", "000.0": "01:00:00:01", "047.6": "01:00:02:00"}[speed]
    text = f"001  A   V   C   01:00:00:00 {source} 00:00:00:00 00:00:01:00\nM2   A    {speed}    01:00:00:00\n"
    (event,) = read(tmp_path, HEAD + text).events
    assert (event.frames, event.speed, event.length) == (frames, pytest.approx(pace), 24)


def test_backwards_reaches_to_both_sides_of_the_in_point(tmp_path: Path):
    text = "001  A   V   C   01:00:10:00 01:00:11:00 00:00:00:00 00:00:01:00\nM2   A    -024.0    01:00:10:00\n"
    (event,) = read(tmp_path, HEAD + text).events
    assert event.speed == -1
    assert (event.first, event.frames, event.head) == (86400 + 240, 24, 24)
    assert "backwards" in event.warnings[0]


def test_black_and_sound_alone_are_left_out(tmp_path: Path):
    edit = read(
        tmp_path,
        HEAD + "001  BL       V     C        00:00:00:00 00:00:01:00 00:00:00:00 00:00:01:00\n"
        "002  A        V     C        01:00:00:00 01:00:01:00 00:00:01:00 00:00:02:00\n"
        "003  A        A     C        01:00:00:00 01:00:01:00 00:00:01:00 00:00:02:00\n",
    )
    assert [event.number for event in edit.events] == ["002"]
    assert "generated" in edit.skipped[0]
    assert len(edit.sounds) == 1


def test_times_that_contradict_each_other_need_lax(tmp_path: Path):
    text = HEAD + "001  A   V   C   01:00:00:00 01:00:01:00 00:00:00:00 00:00:00:20\n"
    with pytest.raises(ShotListError, match=r"match.*--lax"):
        read(tmp_path, text)
    assert "--lax" in read(tmp_path, text, lax=True).warnings[0]


@pytest.mark.parametrize("fps", ["24", "29.97", "120"])
@pytest.mark.parametrize("text", ["", "001 A V C x\n", HEAD + "001  A   V   C   99:99:99:99 01:00:01:00 1 2\n"])
def test_broken_ones_give_one_clear_error(tmp_path: Path, text: str, fps: str):
    with pytest.raises(ShotListError):
        read(tmp_path, text, fps)
