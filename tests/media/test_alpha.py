"""Opacity is carried through untouched; only colour is stylized."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
import torch

from tests.media.evidence import copy_clip, planes
from tests.sequences import copy, read_exr, write_exrs, write_pictures
from vidstyle.frames import FrameBatch
from vidstyle.media import ClipReader, ClipWriter, DecodeConfig, EncodeConfig, probe

OPAQUE_FIRST = ("fate_prores_Sequence_1-Apple_ProRes_with_Alpha.mp4",)


def with_alpha(path, codec, pix_fmt, frames=3, size=(64, 96), options=None):
    """A clip of noise whose opacity is noise too."""
    random = np.random.default_rng(1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        stream.width, stream.height, stream.pix_fmt = size[1], size[0], pix_fmt
        stream.codec_context.time_base = Fraction(1, 25)
        if codec.startswith("libvpx"):
            stream.metadata["alpha_mode"] = "1"
        for n in range(frames):
            frame = av.VideoFrame(size[1], size[0], pix_fmt)
            for plane, component in zip(frame.planes, frame.format.components, strict=False):
                code = np.uint8 if component.bits == 8 else np.uint16
                rows = np.frombuffer(plane, code)
                rows[:] = random.integers(0, 1 << component.bits, rows.shape)
            frame.pts, frame.time_base = n, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def alphas(path):
    with ClipReader(path) as reader:
        return torch.cat([batch.alpha for batch in reader.frames()])


@pytest.mark.parametrize("pix_fmt", ["yuva420p", "yuva422p10le", "yuva444p12le", "gbrap10le", "gbrap16le", "bgra"])
def test_at_strength_0_every_code_of_colour_and_opacity_comes_back(tmp_path, pix_fmt):
    source = with_alpha(tmp_path / "a.mkv", "ffv1", pix_fmt)
    _, writer, _ = copy_clip(source, tmp_path / "b.mkv", encoder="ffv1")
    assert writer.warnings == []
    assert probe(tmp_path / "b.mkv").video.pix_fmt == pix_fmt
    for before, after in zip(planes(source), planes(tmp_path / "b.mkv"), strict=True):
        assert all(map(np.array_equal, before, after))


def test_prores_4444_keeps_opacity_to_the_code(tmp_path):
    source = with_alpha(tmp_path / "a.mov", "prores_ks", "yuva444p10le")
    _, writer, _ = copy_clip(source, tmp_path / "b.mov", encoder="prores")
    assert not [warning for warning in writer.warnings if "opacity" in warning]
    before, after = alphas(source), alphas(tmp_path / "b.mov")
    # The decoder gives 12 bits, the encoder takes 10 and codes them without loss.
    assert torch.equal(before.float().mul(1023 / 4095).round(), after.float().mul(1023 / 4095).round())


def test_quicktime_animation_keeps_colour_and_opacity(tmp_path):
    source = with_alpha(tmp_path / "a.mov", "qtrle", "argb")
    copy_clip(source, tmp_path / "b.mov", encoder="qtrle")
    for before, after in zip(planes(source), planes(tmp_path / "b.mov"), strict=True):
        assert all(map(np.array_equal, before, after))


@pytest.mark.parametrize("suffix", [".webm", ".mkv"])
def test_vp9_keeps_its_opacity(tmp_path, suffix):
    source = with_alpha(tmp_path / "a.webm", "libvpx-vp9", "yuva420p", options={"lossless": "1"})
    assert probe(source).video.pix_fmt == "yuva420p"
    assert 100 < alphas(source).float().std() * 2 < 200
    _, writer, _ = copy_clip(source, tmp_path / f"b{suffix}", encoder="vp9", quality=1)
    assert not [warning for warning in writer.warnings if "opacity" in warning]
    assert (alphas(source).float() - alphas(tmp_path / f"b{suffix}").float()).abs().mean() < 2


@pytest.mark.parametrize(("suffix", "says"), [(".mp4", ".mov, .mkv or .webm"), (".mov", "prores"), (".mkv", "ffv1")])
def test_opacity_that_the_target_cannot_hold_is_named_with_what_can(tmp_path, suffix, says):
    source = with_alpha(tmp_path / "a.mkv", "ffv1", "yuva420p")
    _, writer, _ = copy_clip(source, tmp_path / f"b{suffix}", encoder="x264")
    assert any("opacity is not kept by x264" in warning and says in warning for warning in writer.warnings)


def test_frames_without_opacity_are_opaque_where_the_format_has_one(tmp_path):
    source = with_alpha(tmp_path / "a.mkv", "ffv1", "yuva444p10le")
    with ClipReader(source) as reader, ClipWriter(tmp_path / "b.mkv", like=reader.info, config=ffv1()) as writer:
        writer.write(FrameBatch(batch.images, batch.pts, batch.time_base) for batch in reader.frames())
    assert (alphas(tmp_path / "b.mkv") == 1023).all()


def ffv1():
    return EncodeConfig(encoder="ffv1")


@pytest.mark.parametrize(
    "name",
    [
        "moviepy_transparent.webm", "fate_vp8_vp8_video_with_alpha.mp4", "fate_prores_prores4444_with_transparency.mp4",
        "fate_prores_Sequence_1-Apple_ProRes_with_Alpha.mp4",
    ],
)  # fmt: skip
def test_opacity_of_real_files_is_read_and_kept(tmp_path, real_clips, name):
    source = real_clips.parent / "torture" / name
    as_is = DecodeConfig(deinterlace="off")  # one of them is interlaced, and is read as it lies
    with ClipReader(source, as_is) as reader, ClipWriter(tmp_path / "b.mkv", like=reader.info, config=ffv1()) as writer:
        batch = next(reader.frames())
        writer.write([batch])
    codes = batch.alpha.numpy()
    assert batch.alpha.shape == (1, reader.info.video.height, reader.info.video.width)
    assert (codes.min() < codes.max()) == (name not in OPAQUE_FIRST)
    assert torch.equal(alphas(tmp_path / "b.mkv"), batch.alpha)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".dpx"])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_rgba_pictures_come_back_with_every_code(tmp_path, suffix, depth):
    frames = rgba(depth)
    source = write_pictures(tmp_path / "s.%04d.png", frames)
    _, writer, _ = copy(source, tmp_path / f"t.%04d{suffix}", decode={"fps": 24})
    assert writer.warnings == []
    copy(tmp_path / f"t.%04d{suffix}", tmp_path / "u.%04d.png", decode={"fps": 24})
    wider = 257 if suffix != ".png" and depth is np.uint8 else 1  # TIFF and DPX are written in 16 bits
    for number, frame in enumerate(frames, start=1001):
        found = cv2.imread(str(tmp_path / f"u.{number}.png"), cv2.IMREAD_UNCHANGED)[:, :, [2, 1, 0, 3]]
        assert np.array_equal(found, frame.astype(found.dtype) * wider)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".exr"])
@pytest.mark.parametrize("pix_fmt", ["yuva444p10le", "gbrap12le", "gbrap16le", "bgra"])
def test_a_clips_opacity_goes_into_pictures_and_back_to_the_code(tmp_path, suffix, pix_fmt):
    source = with_alpha(tmp_path / "a.mkv", "ffv1", pix_fmt)
    _, writer, _ = copy(source, tmp_path / f"t.%04d{suffix}")
    assert any("EXR's colours count as multiplied" in warning for warning in writer.warnings) == (suffix == ".exr")
    copy(tmp_path / f"t.%04d{suffix}", tmp_path / "b.mkv", decode={"fps": 25}, encoder="ffv1", pixel_format=pix_fmt)
    assert torch.equal(alphas(source), alphas(tmp_path / "b.mkv"))
    if suffix != ".exr" and not pix_fmt.startswith("yuv"):  # what noise means in YUV is mostly no colour at all
        for before, after in zip(planes(source), planes(tmp_path / "b.mkv"), strict=True):
            assert all(map(np.array_equal, before, after))


def test_an_exrs_opacity_goes_into_clips_and_pictures_and_nothing_is_said_from_exr_to_exr(tmp_path):
    random = np.random.default_rng(4)
    channels = {name: random.random((48, 64)).astype(np.float16) for name in "RGBA"}
    source = write_exrs(tmp_path / "s.%04d.exr", [channels])
    copy(source, tmp_path / "b.mkv", decode={"fps": 24}, encoder="ffv1", pixel_format="gbrap16le")
    codes = (channels["A"].astype(np.float64) * 65535 + 0.5).astype(np.uint16)
    assert np.array_equal(alphas(tmp_path / "b.mkv")[0].numpy(), codes)
    copy(source, tmp_path / "p.%04d.png", decode={"fps": 24})
    assert np.array_equal(cv2.imread(str(tmp_path / "p.1001.png"), cv2.IMREAD_UNCHANGED)[:, :, 3], codes)
    _, writer, _ = copy(source, tmp_path / "t.%04d.exr", decode={"fps": 24})
    assert not [warning for warning in writer.warnings if "opacity" in warning]
    found, _ = read_exr(tmp_path / "t.1001.exr")
    assert all(np.array_equal(found[name], channels[name]) for name in "RGBA")
    _, writer, _ = copy(source, tmp_path / "c.mp4", decode={"fps": 24})
    assert any("opacity is not kept" in warning for warning in writer.warnings)


def test_pictures_asked_for_without_opacity_say_so(tmp_path):
    source = write_pictures(tmp_path / "s.%04d.png", rgba(np.uint8))
    _, writer, _ = copy(source, tmp_path / "t.%04d.png", decode={"fps": 24}, pixel_format="rgb24")
    assert any("opacity is not kept as rgb24" in warning for warning in writer.warnings)


def rgba(depth):
    """(2, 48, 64, 4) codes of noise, opacity last."""
    return np.random.default_rng(0).integers(0, np.iinfo(depth).max + 1, (2, 48, 64, 4)).astype(depth)
