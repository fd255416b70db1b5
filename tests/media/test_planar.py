"""Every pixel format reaches its planar form without losing a code."""

import av
import numpy as np
import pytest
import torch

from vidstyle.media.pixels import PlaneConverter
from vidstyle.media.planar import (
    NEAREST,
    NEAREST_WITHOUT_ALPHA,
    frame_of,
    has_alpha,
    loses_alpha,
    planar_layout,
    planes_of,
    repacked,
)

# These store fewer bits than the planar format that holds them, or are not a choice of codes at all.
NARROWER = {"rgb565le", "rgb555le", "bgr565le", "bgr555le", "rgb8", "bgr8", "monob", "monow", "pal8"}
WRITABLE = [name for name in {**NEAREST, **NEAREST_WITHOUT_ALPHA} if name not in NARROWER]


def random_planes(layout, height=34, width=62, seed=0):
    random = np.random.default_rng(seed)
    code = np.uint8 if layout.bits == 8 else np.uint16
    return [random.integers(0, 1 << layout.bits, shape).astype(code) for shape in layout.shapes(height, width)]


@pytest.mark.parametrize("name", WRITABLE)
def test_reordering_to_planes_loses_nothing(name):
    layout = planar_layout(name)
    planes = random_planes(layout)
    try:
        packed = frame_of(planes, layout, name)
    except (av.FFmpegError, ValueError):
        pytest.skip(f"FFmpeg can't write {name} here, only read it")
    for before, after in zip(planes, planes_of(packed, layout), strict=True):
        assert np.array_equal(before, after.numpy())


@pytest.mark.parametrize(("split", "name"), [("nv12", "yuv420p"), ("p010le", "yuv420p10le"), ("p016le", "yuv420p12le")])
@pytest.mark.parametrize("full_range", [False, True])
def test_split_planes_give_the_same_rgb_as_separate_ones(split, name, full_range):
    layout = planar_layout(name)
    luma, *chroma = random_planes(layout)
    frame, spare = av.VideoFrame(62, 34, split), 0 if layout.bits == 8 else 16 - layout.bits
    for plane, codes in zip(frame.planes, (luma, np.stack(chroma, -1).reshape(17, 62)), strict=True):
        rows = np.frombuffer(memoryview(plane), codes.dtype).reshape(len(codes), -1)
        rows[:, :62] = codes << spare
    converter = PlaneConverter(layout, "bt709", full_range)
    found = converter.to_rgb([plane[None] for plane in planes_of(frame, layout)])
    expected = converter.to_rgb([torch.from_numpy(plane)[None] for plane in (luma, *chroma)])
    assert torch.equal(found, expected)


@pytest.mark.parametrize("name", ["yuv420p", "yuv422p10le", "gbrp", "gray", "yuv444p12le", "gbrp16le"])
@pytest.mark.parametrize("size", [(33, 61), (1, 1), (64, 128)])
def test_planar_frames_are_read_as_they_were_filled(name, size):
    layout = planar_layout(name)
    planes = random_planes(layout, *size)
    frame = frame_of(planes, layout, name)
    assert (frame.width, frame.height, frame.format.name) == (size[1], size[0], name)
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(planes, planes_of(frame, layout), strict=True))


def test_big_endian_is_read_as_little():
    layout = planar_layout("yuv422p10be")
    assert layout.name == "yuv422p10le"
    planes = random_planes(layout)
    big = frame_of(planes, layout, "yuv422p10be")
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(planes, planes_of(big, layout), strict=True))


@pytest.mark.parametrize("name", ["yuva444p12le", "yuva420p", "gbrap", "rgba", "rgba64be", "argb"])
def test_opacity_is_the_last_plane_of_full_size(name):
    layout = planar_layout(name)
    assert has_alpha(name)
    assert layout.alpha
    assert not loses_alpha(name)
    planes = planes_of(av.VideoFrame(34, 18, name), layout)
    assert len(planes) == 4
    assert planes[3].shape == (18, 34)


def test_formats_without_opacity_have_none():
    assert not has_alpha("yuv444p12le")
    assert not planar_layout("yuv444p12le").alpha


def test_opacity_that_no_planar_format_holds_is_known_as_lost():
    assert loses_alpha("ya8")
    assert has_alpha("ya8")


@pytest.mark.parametrize("name", ["gbrpf32le", "xyz12le", "bayer_rggb8", "cuda"])
def test_formats_without_a_lossless_planar_form_are_unknown(name):
    assert planar_layout(name) is None


def test_planes_share_the_frame_memory():
    frame = av.VideoFrame(64, 32, "yuv420p")
    planes_of(frame, planar_layout("yuv420p"))[0].fill_(77)
    assert np.frombuffer(frame.planes[0], np.uint8)[0] == 77
    assert planes_of(frame, planar_layout("yuv420p"))[0].dtype == torch.uint8


def test_reordering_leaves_no_pixel_out_however_busy_the_machine_is():
    """FFmpeg's threads did, at widths that are no multiple of 16: see `repacked`."""
    layout = planar_layout("yuv420p10le")
    for seed in range(300):
        planes = random_planes(layout, 48, 66, seed)
        back = repacked(frame_of(planes, layout, "p010le"), layout.name)
        for before, after in zip(planes, planes_of(back, layout), strict=True):
            assert np.array_equal(before, after.numpy())
