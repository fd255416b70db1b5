"""What is looked at in the morning: reel, sheets and page agree with the edit."""

from dataclasses import replace
from fractions import Fraction
from xml.etree import ElementTree

import av
import cv2
import numpy as np
import opentimelineio as otio
import pytest

from tests.clips import ClipRecipe, make_clip
from tests.edits import edit
from tests.styles import save_small_style
from vidstyle.config import load_config
from vidstyle.jobs.batch import BatchResult, render_list
from vidstyle.jobs.job import BatchConfig, Outcome
from vidstyle.media.sound import SAMPLE_RATE, read_sound
from vidstyle.review.reel import Piece, pieces, source_frames
from vidstyle.review.writing import write_review
from vidstyle.timecode import Timecode

LENGTH = 60


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> BatchResult:
    """The 13 shots of the test edit at strength 0, one of them failed afterwards."""
    folder = tmp_path_factory.mktemp("review")
    save_small_style(folder / "small")
    label = str(Timecode(90000, 24))
    recipe = ClipRecipe(frames=LENGTH, width=64, height=48, rate=Fraction(24), timecode=label, matrix=1)
    sources = [make_clip(folder / f"{n}.mov", recipe, seed=n) for n in range(2)]
    otio.adapters.write_to_file(edit(sources, length=LENGTH, frames=4), str(folder / "cut.otio"))
    render = load_config(flags={"style": str(folder / "small"), "device": "cpu", "blend.strength": 0.0})
    made = render_list(folder / "cut.otio", folder / "out", render, BatchConfig(trial=False, handles=2))
    failed = replace(made.outcomes[3], status="failed", error="DeviceError", message="<the disk> went away")
    return replace(made, outcomes=(*made.outcomes[:3], failed, *made.outcomes[4:]))


def named(result: BatchResult, name: str) -> Outcome:
    return next(outcome for outcome in result.outcomes if outcome.job.name == name)


def test_the_upper_track_is_seen_and_gaps_are_nothing(result: BatchResult):
    runs = pieces(result.outcomes)
    assert [run.outcome.job.name if run.outcome else "-" for run in runs] == [
        "010", "120", "130", "040", "050", "060", "070", "-", "080", "090", "100", "110",
    ]  # fmt: skip
    assert [run.begin for run in runs[1:]] == [run.end for run in runs[:-1]]
    assert runs[-1].end == 11 * 4 + 5


@pytest.mark.parametrize(
    ("name", "speed", "expected"),
    [("010", 1.0, [2, 3, 4, 5]), ("050", 1.0, [4, 5, 6, 7]), ("070", -1.0, [5, 4, 3, 2]), ("010", 0.5, [2, 2, 3, 3])],
)
def test_a_piece_plays_at_its_speed(result: BatchResult, name: str, speed: float, expected: list[int]):
    outcome = named(result, name)
    event = replace(outcome.job.event, speed=speed)
    outcome = replace(outcome, job=replace(outcome.job, event=event))
    assert source_frames(Piece(outcome, event.record, event.record + 4)) == expected


def test_sound_is_read_to_the_sample(result: BatchResult):
    source = named(result, "010").job.source
    whole = read_sound(source, Fraction(0), SAMPLE_RATE)
    part = read_sound(source, Fraction(1, 2), 1000)
    assert whole.shape == (2, SAMPLE_RATE)
    assert np.abs(whole).max() > 0.1
    middle = whole[:, SAMPLE_RATE // 2 : SAMPLE_RATE // 2 + 1000]
    assert np.abs(part - middle).max() < 0.02
    assert not read_sound(source, Fraction(100), 50).any()


def test_reel_sheets_and_page_are_written_and_say_what_happened(result: BatchResult):
    paths, warnings = write_review(result, side_by_side=True)
    assert warnings == []
    reel, *sheets, page = paths
    with av.open(reel) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        seconds = container.streams.audio[0].duration * container.streams.audio[0].time_base
    assert len(frames) == 11 * 4 + 5
    assert abs(float(seconds) - len(frames) / 24) < 0.1
    half = frames[0].shape[1] // 2
    assert np.abs(frames[0][:540, :half].astype(int) - frames[0][:540, half:]).mean() < 8  # strength 0: both alike
    assert frames[28][:540].max() < 20  # the gap
    assert frames[28][540:].max() > 150  # its timecode
    assert len(sheets) == 3
    assert cv2.imread(str(sheets[0])) is not None
    text = page.read_text()
    ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>"))
    assert "http" not in text.replace("http-equiv", "")
    assert "&lt;the disk&gt; went away" in text
    assert text.index(f"<h3>{named(result, result.outcomes[3].job.name).job.name} ") < text.index("<h3>010 ")
    assert text.count("data:image/jpeg") == 26
    again, _ = write_review(result, side_by_side=True)
    assert again == paths
