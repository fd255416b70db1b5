"""Sources are found by path, name, reel and timecode, or the ambiguity is told by name."""

import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from tests.edits import SOURCE_START
from tests.jobs.conftest import LENGTH
from tests.sequences import textures, write_pictures
from vidstyle.jobs.finding import NotFoundError, Sources, as_path, file_name
from vidstyle.jobs.placing import Misfit, place_in
from vidstyle.shots import Event, Hint

EVENT = Event("1", "shot", Hint(), SOURCE_START + 10, 5)


def event(**hint: str) -> Event:
    return replace(EVENT, hint=Hint(**hint))


def test_paths_of_any_system_name_their_file():
    assert file_name(r"S:\path\to\a.mov") == "a.mov"
    assert file_name("file://localhost/D%3a/me/b%20c.mov") == "b c.mov"
    assert as_path("file:///x/b%20c.mov") == Path("/x/b c.mov")
    assert as_path("https://x/y.mov") is None


@pytest.mark.parametrize(
    "hint",
    [
        {"url": r"S:\plates\A001.mov"},
        {"url": "A001.mov"},
        {"file": "A001"},
        {"file": "a001.MOV"},
        {"reel": "A001"},
        {"clip": "A001.mov"},
        {"url": "/gone/x.mov", "clip": "a001"},
        {"url": "/camera/A001.R3D"},
        {"reel": "A00", "clip": "A001 (LAY2)", "file": "A001"},
        {"reel": "A00", "clip": "A001"},
    ],
)
def test_each_way_leads_to_the_source(plates: Path, hint: dict[str, str]):
    assert Sources([plates]).find(event(**hint), Path("/nowhere")).name == "A001.mov"


def test_a_path_as_written_comes_first(plates: Path, tmp_path: Path):
    shutil.copy(plates / "A001.mov", tmp_path / "A001.mov")
    assert Sources([plates]).find(event(url="A001.mov"), tmp_path) == tmp_path / "A001.mov"


def test_timecode_decides_between_sources_of_one_reel(plates: Path, tmp_path: Path):
    found = Sources([plates]).find(replace(event(reel="B001"), first=SOURCE_START), tmp_path)
    assert found.name == "B001.mov"
    with pytest.raises(NotFoundError, match="no source"):
        Sources([plates]).find(replace(event(reel="B001"), first=5), tmp_path)


def test_an_ambiguity_is_told_with_the_files(plates: Path, tmp_path: Path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        shutil.copy(plates / "A001.mov", tmp_path / folder / "A001.mov")
    with pytest.raises(NotFoundError, match=r"one/A001.mov.*two/A001.mov"):
        Sources([tmp_path]).find(event(clip="A001"), tmp_path)


def test_results_are_not_taken_for_sources(plates: Path, tmp_path: Path):
    shutil.copy(plates / "A001.mov", tmp_path / "A001.mov")
    with pytest.raises(NotFoundError):
        Sources([tmp_path], skip=tmp_path).find(event(clip="A001"), Path("/nowhere"))


def test_a_picture_stands_for_its_sequence(tmp_path: Path):
    write_pictures(tmp_path / "plate.%04d.png", textures(6))
    sources = Sources([tmp_path])
    numbered = replace(event(url=r"S:\x\plate.1001.png"), first=1003, frames=2, base="file")
    found = sources.find(numbered, Path("/nowhere"))
    assert found.name == "plate.####.png"
    assert place_in(numbered, sources.info(found), 1).span.start == 1


def test_handles_end_where_the_source_ends(plates: Path):
    info = Sources([plates]).info(plates / "A001.mov")
    inside = place_in(replace(EVENT, head=2, tail=3), info, 4)
    assert (inside.span.start, inside.span.stop, inside.lead, inside.handles) == (4, 22, 6, (4, 4))
    assert inside.first == SOURCE_START + 4
    early = place_in(replace(EVENT, first=SOURCE_START + 1), info, 4)
    assert (early.span.start, early.handles) == (0, (1, 4))
    assert "1 of 4" in early.warnings[0]
    late = place_in(replace(EVENT, first=SOURCE_START + LENGTH - 5, tail=4), info, 4)
    assert (late.span.stop, late.handles) == (LENGTH, (4, 0))
    assert "lacks 4 of the 4 frames" in late.warnings[0]


@pytest.mark.parametrize("first", [SOURCE_START - 1, SOURCE_START + LENGTH - 4, 0])
def test_what_the_source_has_not_is_refused(plates: Path, first: int):
    info = Sources([plates]).info(plates / "A001.mov")
    with pytest.raises(Misfit, match="holds 60 frames from 01:02:30:00"):
        place_in(replace(EVENT, first=first), info, 0)


def test_a_list_that_counts_otherwise_than_its_media_is_refused(plates: Path):
    info = Sources([plates]).info(plates / "A001.mov")
    with pytest.raises(Misfit, match=r"counts 25 frames a second, but A001\.mov has 24"):
        place_in(replace(EVENT, rate=Fraction(25)), info, 0)


def test_numbers_of_a_tracker_mean_the_whole_clip(plates: Path):
    info = Sources([plates]).info(plates / "A001.mov")
    assert place_in(replace(EVENT, first=1001, frames=LENGTH, base="file"), info, 8).frames == LENGTH
