"""Control over a render, from file to file: strength over time, masks, colours, scales and mixtures."""

from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from tests.clips import make_clip
from tests.styles import save_small_style
from vidstyle import RenderReport, Shot, Span, render_shot
from vidstyle.config import load_config
from vidstyle.errors import ClipMissingError, ClipReadError, ConfigError, TargetError

LOSSLESS = {"encode__encoder": "ffv1"}


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


def matte(path: Path, shares: np.ndarray, pix_fmt: str = "gray", *, full: bool = True, codec: str = "ffv1") -> Path:
    """Write (n, h, w) shares as a matte; black and white lie where the range says."""
    bits = 16 if "16" in pix_fmt else 10 if "10" in pix_fmt else 8
    low, span = (0, 2**bits - 1) if full else (16 << bits - 8, 219 << bits - 8)
    levels = np.rint(shares * span + low).astype(np.uint8 if bits == 8 else np.uint16)
    with av.open(str(path), "w") as clip:
        stream = clip.add_stream(codec, rate=25)
        stream.height, stream.width = shares.shape[1:]
        stream.pix_fmt = pix_fmt
        stream.codec_context.color_range = 2 if full else 1
        for level in levels:
            frame = av.VideoFrame.from_ndarray(level, "gray" if bits == 8 else f"gray{bits}le")
            made = av.VideoFrame(frame.width, frame.height, pix_fmt)
            for plane in made.planes:
                row = np.full((plane.height, plane.line_size // levels.itemsize), 1 << bits - 1, levels.dtype)
                plane.update(row.tobytes())
            rows = np.zeros((frame.height, made.planes[0].line_size // levels.itemsize), levels.dtype)
            rows[:, : frame.width] = level
            made.planes[0].update(rows.tobytes())
            made.color_range = 2 if full else 1
            clip.mux(stream.encode(made))
        clip.mux(stream.encode(None))
    return path


def halves(frames: int = 12, height: int = 64, width: int = 96) -> np.ndarray:
    """White left of an edge that moves right by 4 px a frame, black right of it."""
    shares = np.zeros((frames, height, width))
    for n in range(frames):
        shares[n, :, : 16 + 4 * n] = 1
    return shares


def luma(path: Path) -> np.ndarray:
    return codes(path)[:, : 96 * 64].reshape(-1, 64, 96)


MATTES = [("gray", True), ("yuv420p", False), ("yuv420p", True), ("yuv422p10le", False), ("gray16le", True)]


@pytest.mark.parametrize(("pix_fmt", "full"), MATTES)
def test_white_is_the_style_and_black_the_source_to_every_code(
    tmp_path: Path, style: Path, source: Path, pix_fmt: str, full: bool
):
    mask = matte(tmp_path / "m.mkv", halves(), pix_fmt, full=full)
    render(source, tmp_path / "b.mkv", style, mask__file=mask)
    render(source, tmp_path / "full.mkv", style)
    inside, made = halves() == 1, luma(tmp_path / "b.mkv")
    assert (made[inside] == luma(tmp_path / "full.mkv")[inside]).all()
    assert (made[~inside] == luma(source)[~inside]).all()


def test_an_inverted_matte_and_the_matte_share_the_picture(tmp_path: Path, style: Path, source: Path):
    ramp = np.linspace(0, 1, 96)
    mask = matte(tmp_path / "m.mkv", ramp * np.ones((12, 64, 1)), "gray16le")
    render(source, tmp_path / "b.mkv", style, mask__file=mask)
    render(source, tmp_path / "inverted.mkv", style, mask__file=mask, mask__invert=True)
    render(source, tmp_path / "full.mkv", style)
    made, full, before = luma(tmp_path / "b.mkv"), luma(tmp_path / "full.mkv"), luma(source)
    assert np.abs(made + luma(tmp_path / "inverted.mkv") - before - full).max() <= 1
    assert np.abs(made - before - ramp * (full - before)).max() < 1  # both are rounded to codes


@pytest.mark.parametrize("name", ["m.####.png", "m.####.tif"])
def test_a_sequence_of_pictures_masks_like_a_clip(tmp_path: Path, style: Path, source: Path, name: str):
    for n, share in enumerate(halves()):
        cv2.imwrite(str(tmp_path / name.replace("####", f"{1001 + n}")), np.uint16(np.rint(share * 65535)))
    render(source, tmp_path / "b.mkv", style, mask__file=tmp_path / name)
    render(source, tmp_path / "c.mkv", style, mask__file=matte(tmp_path / "m.mkv", halves()))
    assert (codes(tmp_path / "b.mkv") == codes(tmp_path / "c.mkv")).all()


def test_one_still_masks_every_frame_and_another_size_is_stretched(tmp_path: Path, style: Path, source: Path):
    still = np.zeros((32, 48), np.uint8)
    still[:, :24] = 255
    cv2.imwrite(str(tmp_path / "still.png"), still)
    render(source, tmp_path / "b.mkv", style, mask__file=tmp_path / "still.png")
    render(source, tmp_path / "full.mkv", style)
    made = luma(tmp_path / "b.mkv")
    assert (made[:, :, :47] == luma(tmp_path / "full.mkv")[:, :, :47]).all()
    assert (made[:, :, 49:] == luma(source)[:, :, 49:]).all()


@pytest.mark.parametrize("first", [0, 3])
def test_a_matte_is_matched_by_the_clips_frame_numbers_in_spans_and_at_a_variable_rate(
    tmp_path: Path, style: Path, first: int
):
    ticks = (0, 512, 900, 1700, 2212, 2512, 3600, 4112, 4700, 4800, 5400, 6000)
    source = make_clip(tmp_path / "v.mkv", codec="ffv1", audio=(), pts=ticks)
    mask = matte(tmp_path / "m.mkv", halves()[first:])
    render(source, tmp_path / "part.mkv", style, span=Span(5, 9), mask__file=mask, mask__first=first)
    outside = halves()[5:9] == 0
    made, before = luma(tmp_path / "part.mkv"), luma(source)[5:9]
    assert (made[outside] == before[outside]).all()
    assert (np.abs(made - before)[~outside] > 0).mean() > 0.9


@pytest.mark.parametrize("passes", [1, 2])
def test_a_masked_render_goes_on_after_a_kill(tmp_path: Path, style: Path, source: Path, passes: int):
    how = {"mask__file": matte(tmp_path / "m.mkv", halves()), "work__every": 0.0, "blend__passes": passes}
    render(source, tmp_path / "whole.mkv", style, **how)
    with pytest.raises(PowerCutError):
        render(source, tmp_path / "b.mkv", style, on_progress=killed_after(10), **how)
    report = render(source, tmp_path / "b.mkv", style, resume=True, **how)
    assert 0 < report.resumed < 12
    assert (codes(tmp_path / "b.mkv") == codes(tmp_path / "whole.mkv")).all()


def test_another_matte_is_another_render(tmp_path: Path, style: Path, source: Path):
    mask = matte(tmp_path / "m.mkv", halves())
    how = {"mask__file": mask, "work__every": 0.0}
    with pytest.raises(PowerCutError):
        render(source, tmp_path / "b.mkv", style, on_progress=killed_after(6), **how)
    matte(mask, 1 - halves())
    with pytest.raises(TargetError, match="mask"):
        render(source, tmp_path / "b.mkv", style, resume=True, **how)


def test_a_matte_that_does_not_fit_is_refused_before_anything_is_rendered(tmp_path: Path, style: Path, source: Path):
    short = matte(tmp_path / "s.mov", halves(7), "yuv444p10le", full=False, codec="prores_ks")
    with pytest.raises(ClipReadError, match="ends before frame 7 of the clip"):
        render(source, tmp_path / "b.mkv", style, mask__file=short)
    unsaid = matte(tmp_path / "s.mkv", halves(7))
    with pytest.raises(ClipReadError, match="ends before frame 7 of the clip"):
        render(source, tmp_path / "b.mkv", style, mask__file=unsaid)
    with pytest.raises(ConfigError, match=r"mask\.first"):
        render(source, tmp_path / "b.mkv", style, mask__file=short, mask__first=2)
    tall = matte(tmp_path / "t.mkv", halves(12, 96, 64))
    with pytest.raises(ConfigError, match="64x96, the clip 96x64"):
        render(source, tmp_path / "b.mkv", style, mask__file=tall)
    with pytest.raises(ClipMissingError, match=r"absent\.mov"):
        render(source, tmp_path / "b.mkv", style, mask__file=tmp_path / "absent.mov")
    assert not (tmp_path / "b.mkv").exists()


@pytest.mark.parametrize("by", ["output", "weights"])
def test_the_report_names_all_styles_of_a_mixture_and_another_share_is_another_render(
    tmp_path: Path, style: Path, source: Path, by: str
):
    save_small_style(tmp_path / "other", name="other", seed=4, stability=0.5)
    text = f"{style}:3,{tmp_path / 'other'}:1"
    how = {"stylize__mix": by, "stylize__scale": 0.5, "work__every": 0.0}
    with pytest.raises(PowerCutError):
        render(source, tmp_path / "b.mkv", text, on_progress=killed_after(6), **how)
    with pytest.raises(TargetError, match="style"):
        render(source, tmp_path / "b.mkv", text.replace(":3", ":2"), resume=True, **how)
    report = render(source, tmp_path / "b.mkv", text, resume=True, **how)
    assert report.style == "small-75_other-25"
    assert [(share.name, share.weight) for share in report.styles] == [("small", 0.75), ("other", 0.25)]
    assert len({report.style_sha256, *(share.sha256 for share in report.styles)}) == 3
    assert report.settings.blend.stability == pytest.approx(0.75 * 0.97 + 0.25 * 0.5)
    assert report.resumed


@pytest.fixture(scope="module")
def adjustable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("styles") / "dialled"
    save_small_style(folder, network="adjustable-resnet", adjustable=True)
    return folder


@pytest.mark.parametrize("hold", [1, 2])
def test_an_adjustable_style_draws_at_each_frames_strength_and_comes_back_to_the_source(
    tmp_path: Path, adjustable: Path, source: Path, hold: int
):
    curve: dict[str, Any] = {"blend__strength": "0@2,0.5@4,0.5@8,1@9", "blend__stability": 0.0, "stylize__hold": hold}
    for batch in (1, 5):
        render(source, tmp_path / f"{batch}.mkv", adjustable, decode__batch=batch, **curve)
    render(source, tmp_path / "half.mkv", adjustable, **curve | {"blend__strength": 0.5})
    render(source, tmp_path / "full.mkv", adjustable, **curve | {"blend__strength": 1.0})
    made, again = codes(tmp_path / "1.mkv"), codes(tmp_path / "5.mkv")
    before, half, full = codes(source), codes(tmp_path / "half.mkv"), codes(tmp_path / "full.mkv")
    assert (made == again).all()
    assert (made[:3] == before[:3]).all()
    assert (made[4:8] == half[4:8]).all()
    assert (made[10:] == full[10:]).all()
    mixed = (before + full) / 2
    assert np.abs(half - mixed).max() > 3  # drawn, not mixed


def test_a_render_with_an_adjustable_style_goes_on_at_the_right_strength(
    tmp_path: Path, adjustable: Path, source: Path
):
    curve: dict[str, Any] = {"blend__strength": "0.2@0,1@11", "decode__batch": 2, "work__every": 0.0}
    render(source, tmp_path / "whole.mkv", adjustable, **curve)
    with pytest.raises(PowerCutError):
        render(source, tmp_path / "parts.mkv", adjustable, on_progress=killed_after(4), **curve)
    report = render(source, tmp_path / "parts.mkv", adjustable, resume=True, **curve)
    assert report.resumed
    assert (codes(tmp_path / "parts.mkv") == codes(tmp_path / "whole.mkv")).all()


def test_a_mixture_is_told_the_strength_only_where_all_of_it_is_adjustable(
    tmp_path: Path, adjustable: Path, style: Path, source: Path
):
    both = f"{adjustable}:0.5,{style}:0.5"
    settings: dict[str, Any] = {"blend__stability": 0.0}
    for name, strength in (("half", 0.5), ("full", 1.0)):
        render(source, tmp_path / f"{name}.mkv", both, blend__strength=strength, **settings)
    mixed = (codes(source) + codes(tmp_path / "full.mkv")) / 2
    assert np.abs(codes(tmp_path / "half.mkv") - mixed).max() <= 2
