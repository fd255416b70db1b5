"""Timelines of OpenTimelineIO: each clip, gap, transition and effect is what an editor expects."""

from fractions import Fraction
from pathlib import Path
from zipfile import ZipFile

import opentimelineio as otio
import pytest

from tests.edits import SOURCE_START, START, clip, edit, span, time
from vidstyle.errors import ClipMissingError, ShotListError
from vidstyle.shots import Edit, ListConfig, read_edit

SOURCES = [Path("/plates/a.mov"), Path("/plates/b.mov")]


def read(tmp_path: Path, cut: otio.core.SerializableObject, **how: object) -> Edit:
    path = tmp_path / "cut.otio"
    otio.adapters.write_to_file(cut, str(path))
    return read_edit(path, ListConfig(**how))


def test_every_shot_of_every_track_is_there_in_the_order_of_the_cut(tmp_path: Path):
    found = read(tmp_path, edit(SOURCES))
    assert len(found.events) == 13
    assert [event.record for event in found.events] == sorted(event.record for event in found.events)
    assert (found.rate, found.start, found.name) == (Fraction(24), START, "night_cut")
    assert len(found.sounds) == 1
    assert [line for line in found.skipped if "switched off" in line]
    assert [line for line in found.skipped if "gap of 5 frames" in line]


def test_a_dissolve_shows_more_of_both_clips(tmp_path: Path):
    by_name = {event.shot: event for event in read(tmp_path, edit(SOURCES)).events}
    assert (by_name["040"].head, by_name["040"].tail) == (0, 2)
    assert (by_name["050"].head, by_name["050"].tail) == (2, 0)
    assert (by_name["060"].head, by_name["060"].tail) == (0, 0)
    assert by_name["070"].speed == -1
    assert by_name["110"].places == ((0, 12, 0, 0),)
    assert by_name["010"].first == SOURCE_START + 12


@pytest.mark.parametrize(
    ("speed", "frames", "head", "tail"), [(2.0, 12, 4, 6), (0.5, 3, 1, 2), (-2.0, 12, 6, 4), (1.25, 8, 3, 4)]
)
def test_speed_scales_frames_and_transitions(tmp_path: Path, speed: float, frames: int, head: int, tail: int):
    timeline = otio.schema.Timeline("t")
    shot = clip("b", SOURCES[0], 20, 6)
    shot.effects.append(otio.schema.LinearTimeWarp(time_scalar=speed))
    before, after = (otio.schema.Transition("x", "SMPTE_Dissolve", time(2), time(3)) for _ in "ab")
    track = otio.schema.Track("V", [clip("a", SOURCES[0], 9, 9), before, shot, after, clip("c", SOURCES[0], 9, 9)])
    timeline.tracks.append(track)
    event = next(event for event in read(tmp_path, timeline).events if event.shot == "b")
    assert (event.frames, event.head, event.tail, event.length) == (frames, head, tail, 6)


def test_a_freeze_needs_one_frame_and_a_ramp_is_refused_by_its_number(tmp_path: Path):
    frozen, ramp = clip("a", SOURCES[0], 5, 9), clip("b", SOURCES[0], 5, 9)
    frozen.effects.append(otio.schema.FreezeFrame())
    ramp.effects.append(otio.schema.TimeEffect(name="curve", effect_name="curve"))
    timeline = otio.schema.Timeline("t")
    timeline.tracks.append(otio.schema.Track("V", [frozen, ramp]))
    one, other = read(tmp_path, timeline).events
    assert (one.frames, one.speed, one.refusal) == (1, 0.0, "")
    assert "curve" in other.refusal
    assert other.number == "V1.2"


def test_a_nested_sequence_that_is_used_twice_is_rendered_once(tmp_path: Path):
    nested = otio.schema.Stack("n", [otio.schema.Track("i", [clip("in", SOURCES[0], 5, 9)])])
    timeline = otio.schema.Timeline("t")
    timeline.tracks.append(otio.schema.Track("V", [nested, nested.deepcopy()]))
    (event,) = read(tmp_path, timeline).events
    assert event.places == ((0, 0, 0, 0), (0, 1, 0, 0))


def test_names_that_come_again_are_followed_by_their_event(tmp_path: Path):
    timeline = otio.schema.Timeline("t")
    clips = [clip("a.mov", SOURCES[0], 5, 9), clip("a.mov", SOURCES[0], 25, 9), clip("b", SOURCES[0], 5, 9)]
    timeline.tracks.append(otio.schema.Track("V", clips))
    assert [event.shot for event in read(tmp_path, timeline).events] == ["a_V1.1", "a_V1.2", "b"]


@pytest.mark.parametrize(("rate", "media", "first", "frames"), [(24.0, 48.0, 20, 12), (24.0, 24000 / 1001, 10, 6)])
def test_frames_are_counted_as_the_media_counts_them(tmp_path: Path, rate, media, first, frames):
    shot = clip("a", SOURCES[0], 0, 6, rate=rate)
    shot.source_range = span(10, 6, rate)
    shot.media_reference.available_range = span(0, 99, media)
    timeline = otio.schema.Timeline("t")
    timeline.tracks.append(otio.schema.Track("V", [shot]))
    (event,) = read(tmp_path, timeline).events
    assert (event.first, event.frames) == (first, frames)


def test_a_track_can_be_chosen_and_a_wrong_one_is_named(tmp_path: Path):
    assert [event.shot for event in read(tmp_path, edit(SOURCES), track="V2").events] == ["120", "130"]
    with pytest.raises(ShotListError, match=r"V1, V2"):
        read(tmp_path, edit(SOURCES), track="V9")


def test_of_several_timelines_one_is_chosen(tmp_path: Path):
    both = otio.schema.SerializableCollection("all")
    for name in ("one", "two"):
        timeline = edit(SOURCES)
        timeline.name = name
        both.append(timeline)
    with pytest.raises(ShotListError, match="'one', 'two'"):
        read(tmp_path, both)
    assert read(tmp_path, both, timeline="two").name == "two"


def test_an_image_sequence_is_named_as_we_name_them(tmp_path: Path):
    reference = otio.schema.ImageSequenceReference(
        target_url_base="/plates/x", name_prefix="x.", name_suffix=".exr", start_frame=1001, frame_zero_padding=4,
        rate=24, available_range=span(0, 20),
    )  # fmt: skip
    shot = otio.schema.Clip("x", reference, span(3, 5))
    timeline = otio.schema.Timeline("t")
    timeline.tracks.append(otio.schema.Track("V", [shot]))
    (event,) = read(tmp_path, timeline).events
    assert event.hint.url == "/plates/x/x.####.exr"
    assert (event.hint.start, event.first) == (0, 3)


def test_an_otioz_brings_its_media(tmp_path: Path):
    timeline = otio.schema.Timeline("t")
    timeline.tracks.append(otio.schema.Track("V", [clip("x", "media/x.mov", 3, 5)]))
    path = tmp_path / "cut.otioz"
    with ZipFile(path, "w") as bundle:
        bundle.writestr("content.otio", timeline.to_json_string())
        bundle.writestr("version.txt", "1.0.0")
        bundle.writestr("media/x.mov", b"12345")
    (event,) = read_edit(path, media=tmp_path / "unpacked").events
    assert Path(event.hint.url).read_bytes() == b"12345"


def test_what_holds_no_shot_or_is_none_is_refused(tmp_path: Path):
    with pytest.raises(ShotListError, match="no shot to render"):
        read(tmp_path, otio.schema.Timeline("t"))
    (tmp_path / "a.otio").write_text("{}")
    with pytest.raises(ShotListError):
        read_edit(tmp_path / "a.otio")
    (tmp_path / "a.doc").write_text("")
    with pytest.raises(ShotListError, match="by its name"):
        read_edit(tmp_path / "a.doc")
    with pytest.raises(ClipMissingError):
        read_edit(tmp_path / "b.otio")
