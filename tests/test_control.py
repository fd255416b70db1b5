"""Control over a render, from file to file: strength over time, masks, colours, scales and mixtures."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.clips import make_clip
from tests.styles import save_small_style
from vidstyle import RenderReport, Shot, Span, render_shot
from vidstyle.config import load_config

LOSSLESS = {"encode__encoder": "ffv1"}


@pytest.fixture(scope="module")
def style(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("styles") / "small"
    save_small_style(folder)
    return folder


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips") / "a.mkv", codec="ffv1", audio=(), cuts=(8,))


def render(source: Path, target: Path, style: Path | str, **how: Any) -> RenderReport:
    """Render losslessly on the CPU with `dotted.key=value` settings given as `dotted__key`."""
    named = {name: how.pop(name) for name in ("resume", "overwrite", "on_progress") if name in how}
    shot = Shot(source, how.pop("span", Span()))
    flags = {"style": str(style), "device": "cpu"}
    flags |= {key.replace("__", "."): value for key, value in (LOSSLESS | how).items()}
    return render_shot(shot, target, load_config(flags=flags), **named)


def codes(path: Path) -> np.ndarray:
    """All frames' codes, Y, Cb and Cr in one row a frame."""
    with av.open(str(path)) as clip:
        return np.stack([frame.to_ndarray().ravel() for frame in clip.decode(video=0)]).astype(int)


class PowerCutError(Exception):
    pass


def killed_after(frames: int) -> Any:
    def fail(progress: Any) -> None:
        if progress.frames >= frames:
            raise PowerCutError

    return fail


@pytest.mark.parametrize("passes", [1, 2])
def test_frames_at_strength_0_keep_every_code_and_the_others_are_untouched_by_that(
    tmp_path: Path, style: Path, source: Path, passes: int
):
    render(source, tmp_path / "full.mkv", style, blend__passes=passes)
    render(source, tmp_path / "curve.mkv", style, blend__passes=passes, blend__strength="0@2,1@4,1@8,0@10")
    before, full, made = codes(source), codes(tmp_path / "full.mkv"), codes(tmp_path / "curve.mkv")
    same = [n for n in range(12) if (made[n] == before[n]).all()]
    assert same == [0, 1, 2, 10, 11]
    assert (made[4:9] == full[4:9]).all()


def test_a_curve_counts_the_clips_own_frames_also_in_a_span(tmp_path: Path, style: Path, source: Path):
    render(source, tmp_path / "part.mkv", style, span=Span(4, 10), blend__strength="0@6,1@7")
    before, made = codes(source)[4:10], codes(tmp_path / "part.mkv")
    assert [n for n in range(6) if (made[n] == before[n]).all()] == [0, 1, 2]


def test_a_curve_in_seconds_counts_from_the_first_frame_also_where_a_clip_begins_later(tmp_path: Path, style: Path):
    late = make_clip(tmp_path / "late.mkv", codec="ffv1", audio=(), start=2)
    render(late, tmp_path / "b.mkv", style, blend__strength="0@0.2s,1@0.24s")
    before, made = codes(late), codes(tmp_path / "b.mkv")
    assert [n for n in range(12) if (made[n] == before[n]).all()] == [0, 1, 2, 3, 4, 5]


def test_a_curve_goes_on_after_a_kill(tmp_path: Path, style: Path, source: Path):
    how = {"blend__strength": "0@0,1@11", "work__every": 0.0, "blend__preserve_color": 0.7}
    render(source, tmp_path / "whole.mkv", style, **how)
    with pytest.raises(PowerCutError):
        render(source, tmp_path / "b.mkv", style, on_progress=killed_after(6), **how)
    report = render(source, tmp_path / "b.mkv", style, resume=True, **how)
    assert 0 < report.resumed < 12
    assert (codes(tmp_path / "b.mkv") == codes(tmp_path / "whole.mkv")).all()


def test_preserved_colour_is_the_sources_chroma_to_a_code(tmp_path: Path, style: Path, source: Path):
    render(source, tmp_path / "b.mkv", style, blend__preserve_color=1.0)
    before, made = codes(source), codes(tmp_path / "b.mkv")
    luma = 96 * 64
    assert np.abs(made[:, :luma] - before[:, :luma]).mean() > 5
    # Where the style is so light or dark that chroma had to give way, it differs.
    assert np.quantile(np.abs(made[:, luma:] - before[:, luma:]), 0.9) <= 1
