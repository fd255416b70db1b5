"""Frames for NVENC by DLPack. There is no GPU: planes lie in main memory, and x264 takes the NV12 that they make."""

from pathlib import Path

import av
import numpy as np
import pytest
import torch

from tests.clips import make_clip
from tests.media.evidence import copy_clip
from vidstyle.media.pixels import PlaneLayout
from vidstyle.media.planar import frame_of, planes_of, repacked
from vidstyle.media.surfaces import surface_format, surface_of


@pytest.mark.parametrize(("pix_fmt", "name"), [("yuv420p", "nv12"), ("yuv420p10le", "p010le")])
def test_a_surface_holds_the_codes_of_its_planes(pix_fmt: str, name: str) -> None:
    layout = PlaneLayout.of(pix_fmt)
    assert layout is not None
    generator = torch.Generator().manual_seed(0)
    planes = [
        torch.randint(0, 1 << layout.bits, shape, generator=generator).to(layout.dtype)
        for shape in layout.shapes(6, 10)
    ]
    surface = surface_of(planes)
    assert surface.format.name == name
    back = repacked(surface, pix_fmt)
    usual = frame_of([plane.numpy() for plane in planes], layout, pix_fmt)
    pairs = zip(planes_of(back, layout), planes_of(usual, layout), strict=True)
    assert all(np.array_equal(ours.numpy(), theirs.numpy()) for ours, theirs in pairs)


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "size", "expected"),
    [
        ("h264_nvenc", "yuv420p", (64, 48), "nv12"),
        ("hevc_nvenc", "yuv420p10le", (64, 48), "p010le"),
        ("hevc_nvenc", "yuv444p", (64, 48), None),
        ("h264_nvenc", "yuv420p", (63, 48), None),
        ("libx264", "yuv420p", (64, 48), None),
    ],
)
def test_only_nvenc_takes_surfaces(codec: str, pix_fmt: str, size: tuple[int, int], expected: str | None) -> None:
    assert surface_format(codec, pix_fmt, *size) == expected


def test_a_clip_from_surfaces_is_the_usual_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = make_clip(tmp_path / "a.mkv", codec="ffv1", frames=8, width=64, height=48, audio=())
    *_, usual = copy_clip(source, tmp_path / "usual.mkv", encoder="x264", options={"x264-params": "cpu-independent=1"})
    monkeypatch.setattr("vidstyle.media.mux.Muxer._surface_format", lambda _self: "nv12")
    monkeypatch.setattr("vidstyle.media.mux.accelerator", lambda: None)
    *_, surfaced = copy_clip(
        source, tmp_path / "surfaced.mkv", encoder="x264", options={"x264-params": "cpu-independent=1"}
    )
    assert surfaced.frame_hash == usual.frame_hash
    assert packets(tmp_path / "surfaced.mkv") == packets(tmp_path / "usual.mkv")


def packets(path: Path) -> list[bytes]:
    with av.open(path) as container:
        return [bytes(packet) for packet in container.demux(video=0)]
