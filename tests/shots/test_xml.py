"""Final Cut's XML of both kinds: nested sequences, speeds, rates and transitions that the adapters drop."""

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from tests.edits import SOURCE_START, START, clip, plain_edit
from vidstyle.errors import ShotListError
from vidstyle.shots import Edit, ListConfig, read_edit

SOURCES = [Path("/plates/a.mov"), Path("/plates/b.mov")]
SPEED = """<filter><effect><name>Time Remap</name><effectid>timeremap</effectid>
<parameter><parameterid>variablespeed</parameterid><value>{ramp}</value></parameter>
<parameter><parameterid>speed</parameterid><value>{percent}</value></parameter>
<parameter><parameterid>reverse</parameterid><value>{reverse}</value></parameter></effect></filter>"""
FCPX = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE fcpxml>
<fcpxml version="{version}"><resources>
<format id="f" frameDuration="{frame}s"/>
<asset id="a" name="a" start="{start}s" duration="{length}s" hasVideo="1" format="f" {src}>{media}</asset>
</resources><event name="e"><project name="p"><sequence format="f" duration="48s" tcStart="3600s"><spine>
{spine}
</spine></sequence></project></event></fcpxml>
"""


def fcp7(tmp_path: Path, timeline: otio.schema.Timeline, change: tuple[str, str] = ("", ""), **how: object) -> Edit:
    path = tmp_path / "cut.xml"
    otio.adapters.write_to_file(timeline, str(path))
    text = path.read_text()
    assert change[0] in text
    path.write_text(text.replace(*change, 1) if change[0] else text)
    return read_edit(path, ListConfig(**how))


def fcpx(tmp_path: Path, spine: str, *, frame: str = "1/24", version: str = "1.8") -> Edit:
    path = tmp_path / "cut.fcpxml"
    unit = Fraction(frame)
    source = 'src="file:///plates/a.mov"' if version == "1.8" else ""
    media = "" if source else '<media-rep kind="original-media" src="file:///plates/a.mov"/>'
    start, length = SOURCE_START * unit, 200 * unit
    path.write_text(
        FCPX.format(version=version, frame=frame, src=source, media=media, start=start, length=length, spine=spine)
    )
    return read_edit(path)


def seconds(frames: int, unit: Fraction) -> str:
    return f"{frames * unit}s"


def test_final_cut_7_says_where_shots_are(tmp_path: Path):
    edit = fcp7(tmp_path, plain_edit(SOURCES))
    assert (edit.kind, len(edit.events), edit.rate, edit.start) == ("fcp7", 12, 24, START)
    first = edit.events[0]
    assert (first.shot, first.first, first.frames, first.elements) == ("010", SOURCE_START + 12, 6, (0,))
    assert first.hint.url.endswith("/plates/a.mov")


@pytest.mark.parametrize(("percent", "reverse", "speed", "frames"), [(200, "FALSE", 2.0, 12), (100, "TRUE", -1.0, 6)])
def test_its_speeds_are_read(tmp_path: Path, percent: int, reverse: str, speed: float, frames: int):
    text = SPEED.format(percent=percent, reverse=reverse, ramp="0")
    event = fcp7(tmp_path, plain_edit(SOURCES), ("</clipitem>", f"{text}</clipitem>")).events[0]
    assert (event.speed, event.frames, event.length) == (speed, frames, 6)


def test_a_ramp_is_refused(tmp_path: Path):
    text = SPEED.format(percent=200, reverse="FALSE", ramp="1")
    event = fcp7(tmp_path, plain_edit(SOURCES), ("</clipitem>", f"{text}</clipitem>")).events[0]
    assert "ramp" in event.refusal


def test_nested_sequences_are_looked_into(shared: Path):
    edit = read_edit(shared / "media" / "edits" / "premiere_example.xml")
    nested = [event for event in edit.events if "/" in event.number]
    assert [event.hint.clip for event in nested] == ["sc01_sh010_anim.mov", "sc01_sh030_anim.mov"]


@pytest.mark.parametrize("frame", ["1/24", "1001/24000", "1001/30000"])
@pytest.mark.parametrize("version", ["1.8", "1.10"])
def test_fcpxml_is_exact_at_every_rate(tmp_path: Path, frame: str, version: str):
    unit = Fraction(frame)
    begin, length = seconds(SOURCE_START + 10, unit), seconds(7, unit)
    clips = [
        f'<asset-clip name="s{n}" ref="a" format="f" offset="{seconds(7 * n, unit)}" '
        f'start="{begin}" duration="{length}"/>'
        for n in range(3)
    ]
    edit = fcpx(tmp_path, "\n".join(clips), frame=frame, version=version)
    assert edit.rate == 1 / unit
    for number, event in enumerate(edit.events):
        assert (event.first, event.frames, event.record, event.rate) == (SOURCE_START + 10, 7, 7 * number, 1 / unit)
    assert edit.events[0].hint.start == SOURCE_START
    assert edit.events[0].hint.url == "file:///plates/a.mov"


def test_fcpxml_transitions_speeds_and_switches_are_read_from_the_xml(tmp_path: Path):
    def asset_clip(name: str, offset: int, inside: str = "", more: str = "") -> str:
        unit = Fraction(1, 24)
        return (
            f'<asset-clip name="{name}" ref="a" format="f" offset="{seconds(offset, unit)}" {more} '
            f'start="{seconds(SOURCE_START, unit)}" duration="1s">{inside}</asset-clip>'
        )

    begin = Fraction(SOURCE_START, 24)
    points = f'<timept time="{begin}s" value="{begin}s"/><timept time="{begin + 9}s" value="{begin + 18}s"/>'
    faster = f"<timeMap>{points}</timeMap>"
    ramp = faster.replace("</timeMap>", f'<timept time="{begin + 12}s" value="{begin + 19}s"/></timeMap>')
    edit = fcpx(
        tmp_path,
        asset_clip("a", 0) + '<transition offset="20/24s" duration="8/24s"/>' + asset_clip("b", 24, faster)
        + asset_clip("c", 48, ramp) + asset_clip("d", 72, more='enabled="0"'),
    )  # fmt: skip
    a, b, c = edit.events
    assert (a.tail, b.head) == (4, 8)
    assert (b.speed, b.frames, b.length) == (2.0, 48, 24)
    assert "ramp" in c.refusal
    assert edit.start == START
    assert any("'d' is switched off" in line for line in edit.skipped)
    assert "transitions" in edit.warnings[0]


def test_mixed_rates_and_hostile_xml_are_refused(tmp_path: Path):
    path = tmp_path / "cut.fcpxml"
    path.write_text('<fcpxml><format frameDuration="1001/24000s"/><format frameDuration="1/25s"/></fcpxml>')
    with pytest.raises(ShotListError, match="mixes formats"):
        read_edit(path)
    path.write_text('<!DOCTYPE x [<!ENTITY a "b">]><fcpxml/>')
    with pytest.raises(ShotListError, match="entities"):
        read_edit(path)
    path.write_text("<fcpxml")
    with pytest.raises(ShotListError, match="no XML"):
        read_edit(path)
    path.write_text("<fcpxml/>")
    with pytest.raises(ShotListError):
        read_edit(path)


def test_ale_is_a_bin_and_aaf_is_read_where_the_adapter_reads_it(tmp_path: Path, shared: Path):
    ale = read_edit(shared / "media" / "edits" / "sample_cdl.ale")
    assert (ale.rate, ale.events[0].hint.reel) == (Fraction(24000, 1001), "A005_C010_0501J0")
    assert [event.record for event in ale.events] == [0, 57, 210, 278]
    timeline = otio.schema.Timeline("t")
    timeline.tracks.append(otio.schema.Track("V", [clip("010", SOURCES[0], 5, 9)], kind="Video"))
    otio.adapters.write_to_file(timeline, str(tmp_path / "a.aaf"), use_empty_mob_ids=True)
    (event,) = read_edit(tmp_path / "a.aaf").events
    assert (event.shot, event.frames, event.first) == ("010", 9, SOURCE_START + 5)
