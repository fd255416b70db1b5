"""A part of a shot is rendered as it would be within the whole."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.clips import make_clip
from vidstyle import Shot, Span, render_shot
from vidstyle.config import load_config
from vidstyle.errors import ConfigError
from vidstyle.media import ClipReader
from vidstyle.stages.spool import spool_folder

CUT, FRAMES = 9, 14
WHOLE = Span(0, FRAMES)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips") / "a.mkv", frames=FRAMES, cuts=(CUT,), width=64, height=48)


def codes(shot: Shot, target: Path, style: Path, **how: Any) -> np.ndarray:
    flags = {"style": str(style), "device": "cpu", "encode.encoder": "ffv1"}
    flags |= {key.replace("__", "."): value for key, value in how.items()}
    render_shot(shot, target, load_config(flags=flags))
    with ClipReader(target) as reader:
        return np.concatenate([batch.images.numpy() for batch in reader.frames()]) * 255


@pytest.mark.parametrize(
    ("span", "rolls", "how"),
    [
        (Span(CUT, FRAMES), {"preroll": 3}, {}),
        (Span(CUT, FRAMES), {}, {}),
        (Span(11, FRAMES), {"preroll": 2}, {"decode__batch": 4}),
        (Span(5, 8), {"preroll": 5}, {"decode__batch": 4}),
        (Span(4, 8), {"preroll": 4}, {"stylize__hold": 3}),
        (Span(5, 11), {"preroll": 0}, {"stylize__hold": 3, "blend__stability": 0.0}),
        (Span(3, 7), {"preroll": 3, "postroll": 2}, {"blend__passes": 2}),
        (Span(4, 6), {}, {"blend__strength": 0.0}),
        (Span(4, 6), {}, {"blend__stability": 0.0}),
        (Span(4, 8), {"preroll": 4}, {"blend__strength": "0@0,1@10"}),
    ],
    ids=str,
)
def test_nothing_differs_where_the_part_knows_its_past_back_to_a_cut(
    tmp_path: Path, source: Path, style: Path, span: Span, rolls: dict[str, int], how: dict[str, Any]
):
    whole = codes(Shot(source, WHOLE), tmp_path / "whole.mkv", style, **how)
    part = codes(Shot(source, span, whole=WHOLE, **rolls), tmp_path / "part.mkv", style, **how)
    np.testing.assert_array_equal(part, whole[span.start : span.stop])


def test_a_matte_is_that_of_the_parts_own_frames(tmp_path: Path, source: Path, style: Path):
    how = {"mask__file": str(source)}  # any clip is a matte
    whole = codes(Shot(source, WHOLE), tmp_path / "whole.mkv", style, **how)
    part = codes(Shot(source, Span(4, 7), whole=WHOLE, preroll=4), tmp_path / "part.mkv", style, **how)
    np.testing.assert_array_equal(part, whole[4:7])


def test_two_passes_keep_their_shot_where_they_are_told_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("TMPDIR", raising=False)
    assert spool_folder(tmp_path / "b.mkv") == tmp_path
    monkeypatch.setenv("TMPDIR", "/scratch")
    assert spool_folder(tmp_path / "b.mkv") == Path("/scratch")


def test_a_longer_preroll_brings_the_part_closer(tmp_path: Path, source: Path, style: Path):
    whole = codes(Shot(source, WHOLE), tmp_path / "whole.mkv", style)
    errors = []
    for preroll in (0, 2, 4):
        shot = Shot(source, Span(5, 8), whole=WHOLE, preroll=preroll)
        errors.append(np.abs(codes(shot, tmp_path / f"{preroll}.mkv", style) - whole[5:8]).mean())
    assert errors[0] > errors[1] > errors[2] > 0


def test_a_span_that_is_no_part_of_the_whole_is_refused():
    with pytest.raises(ConfigError, match="no part of 0-14"):
        Shot(Path("a.mkv"), Span(10, 20), whole=WHOLE)
