"""Edits written back: the results are in, and nothing of the cut has moved."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from tests.edits import edit, plain_edit
from tests.shots.test_xml import FCPX, SPEED
from vidstyle.shots import Edit, Event, ListConfig, read_edit
from vidstyle.shots.relinking import STYLIZED, Relink, at, differences, relinked
from vidstyle.shots.writing import written_edl, written_xml

SOURCES = [Path("/plates/a.mov"), Path("/plates/b.mov")]
HANDLES = 8


def relinks(events: Sequence[Event]) -> list[Relink]:
    found = []
    for event in events:
        assert event.first is not None
        assert event.frames is not None
        first = event.first - event.head - HANDLES
        frames = event.frames + event.head + event.tail + 2 * HANDLES
        rate = event.rate or Fraction(24)
        found.append(Relink(event, Path(f"/out/{event.shot}_v001.mov"), first, frames, rate, 64, 48, sound=True))
    return found


def again(read: Edit, path: Path, text: str) -> Edit:
    path.write_text(text)
    return read_edit(path, ListConfig(fps=read.rate))


def test_otio_has_the_results_beside_the_originals(tmp_path: Path):
    path = tmp_path / "cut.otio"
    otio.adapters.write_to_file(edit(SOURCES), str(path))
    read = read_edit(path)
    timeline = relinked(read, relinks(read.events))
    assert differences(read.timeline, timeline) == []
    for event in read.events:
        clip = at(timeline, event.places[0])
        references = clip.media_references()
        assert clip.active_media_reference_key == STYLIZED
        assert references["DEFAULT_MEDIA"].target_url.startswith("file:///plates/")
        available, shown = references[STYLIZED].available_range, clip.source_range
        if event.speed >= 0:
            assert available.contains(shown)
    assert all("stylized" not in clip.media_references() for clip in read.timeline.find_clips())


def test_an_edl_keeps_every_line_that_is_not_about_files(tmp_path: Path, shared: Path):
    for name in ("screening_example", "dissolve_test", "speed_effects_small", "nucoda_example"):
        read = read_edit(shared / "media" / "edits" / f"{name}.edl", ListConfig(fps="24"))
        text = written_edl(read, relinks(read.events))
        after = again(read, tmp_path / f"{name}.edl", text)
        assert differences(read.timeline, after.timeline) == []
        assert [event.first for event in after.events] == [event.first for event in read.events]
        assert [event.speed for event in after.events] == [event.speed for event in read.events]
        assert all(event.hint.url.startswith("/out/") for event in after.events)


def test_both_sides_of_a_dissolve_get_their_own(tmp_path: Path, shared: Path):
    read = read_edit(shared / "media" / "edits" / "dissolve_test.edl", ListConfig(fps="24"))
    text = written_edl(read, relinks(read.events))
    block = text.partition("002  TST V     D")[2].partition("003")[0]
    assert "FROM CLIP: /out/clip_A_v001.mov" in block
    assert "TO CLIP: /out/clip_B_v001.mov" in block


@pytest.mark.parametrize("speed", [False, True])
def test_final_cut_7_keeps_speeds_and_shared_files(tmp_path: Path, speed: bool):
    path = tmp_path / "cut.xml"
    otio.adapters.write_to_file(plain_edit(SOURCES), str(path))
    if speed:
        filtered = SPEED.format(percent=200, reverse="FALSE", ramp="0")
        path.write_text(path.read_text().replace("</clipitem>", f"{filtered}</clipitem>", 1))
    read = read_edit(path)
    some = relinks(read.events[:1] + read.events[4:])  # the files that are left must still be told somewhere
    after = again(read, tmp_path / "after.xml", written_xml(read, some))
    assert differences(read.timeline, after.timeline) == []
    assert [event.first for event in after.events] == [event.first for event in read.events]
    assert [event.speed for event in after.events] == [event.speed for event in read.events]
    assert after.events[0].hint.url == "file://localhost/out/010_v001.mov"
    assert after.events[0].hint.start == some[0].first
    assert after.events[1].hint == read.events[1].hint


@pytest.mark.parametrize(("frame", "version"), [("1/24", "1.8"), ("1001/24000", "1.8"), ("1001/30000", "1.10")])
def test_fcpxml_keeps_rates_and_transitions(tmp_path: Path, frame: str, version: str):
    unit = Fraction(frame)
    clips = "\n".join(
        f'<asset-clip name="s{n}" ref="a" format="f" offset="{7 * n * unit}s" start="{(100 + n) * unit}s" '
        f'duration="{7 * unit}s"/>'
        for n in range(3)
    ).replace(
        '<asset-clip name="s1"', f'<transition offset="{5 * unit}s" duration="{4 * unit}s"/><asset-clip name="s1"'
    )
    clips += (
        f'<clip name="s3" offset="{21 * unit}s" start="{103 * unit}s" duration="{7 * unit}s">'
        f'<video ref="a" offset="0s" duration="{200 * unit}s"/></clip>'
    )
    path = tmp_path / "cut.fcpxml"
    source = {"src": 'src="file:///plates/a.mov"', "media": ""}
    path.write_text(FCPX.format(version=version, frame=frame, start="0", length=200 * unit, spine=clips, **source))
    read = read_edit(path)
    assert len(read.events) == 4
    after = read_edit(_put(tmp_path / "after.fcpxml", written_xml(read, relinks(read.events))))
    assert differences(read.timeline, after.timeline) == []
    assert [(event.first, event.tail, event.head) for event in after.events] == [
        (event.first, event.tail, event.head) for event in read.events
    ]
    assert [event.hint.url for event in after.events] == [f"file:///out/s{n}_v001.mov" for n in range(4)]
    assert [event.hint.start for event in after.events] == [each.first for each in relinks(read.events)]


def _put(path: Path, text: str) -> Path:
    path.write_text(text)
    return path
