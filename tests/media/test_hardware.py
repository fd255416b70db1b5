"""Decoding on a device, tried without one: a decoder that gives the split planes of a GPU's, in main memory."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clips import make_clip
from vidstyle.frames import Span
from vidstyle.media import ClipReader, DecodeConfig, hardware, probe
from vidstyle.media.hardware import Coded, HardwareError, open_hardware, open_on
from vidstyle.media.opening import open_source

GPU = torch.device("cuda", 0)
CLIPS = {
    "nv12": {"codec": "libx264", "pix_fmt": "yuv420p", "options": {"bf": "3"}},
    "p010le": {"codec": "libx265", "pix_fmt": "yuv420p10le", "options": {"x265-params": "log-level=none"}},
}


@contextmanager
def split_clip(path: Path, split: str, spoil: Any = lambda _number, frame: frame) -> Iterator[Coded]:
    """A decoder whose frames have the planes of NV12 or P010; `spoil` changes a frame by its number."""
    count = itertools.count()
    with open_source(path) as container:
        stream = container.streams.video[0]

        def decode(packet: Any) -> list[av.VideoFrame]:
            frames = stream.codec_context.decode(packet)
            return [spoil(next(count), frame.reformat(format=split)) for frame in frames]

        yield Coded(container.demux(stream), decode)


def read(path: Path, span: Span | None = None, on_device: Any = None, batch: int = 1) -> Any:
    with ClipReader(path, DecodeConfig(batch=batch)) as reader:
        reader._on_device = on_device
        batches = list(reader.frames(span))
    return torch.cat([each.images for each in batches]), [t for each in batches for t in each.pts], reader


@pytest.mark.parametrize("split", list(CLIPS))
@pytest.mark.parametrize("span", [None, Span(3, 7)])
def test_frames_and_times_are_those_of_the_cpu(tmp_path: Path, split: str, span: Span | None) -> None:
    path = make_clip(tmp_path / "a.mp4", frames=9, **CLIPS[split])
    expected, times, cpu = read(path, span)
    with split_clip(path, split) as coded:
        images, found, reader = read(path, span, coded, batch=4)
    assert torch.equal(images, expected)
    assert found == times
    assert (reader.tally.decoded, reader.warnings) == (cpu.tally.decoded, cpu.warnings)


@settings(deadline=None, max_examples=8)
@given(at=st.integers(0, 8), batch=st.integers(1, 4), kind=st.sampled_from(["error", "left to the CPU"]))
def test_wherever_the_device_fails_the_cpu_goes_on_as_if_nothing_were(
    tmp_path_factory: pytest.TempPathFactory, at: int, batch: int, kind: str
) -> None:
    path = make_clip(tmp_path_factory.mktemp("clips") / "a.mp4", frames=9, audio=(), **CLIPS["nv12"])
    expected, times, _ = read(path)

    def spoil(number: int, frame: av.VideoFrame) -> av.VideoFrame:
        if number != at:
            return frame
        if kind == "error":
            raise av.error.ExternalError(1, "the card fell off")
        return frame.reformat(format="yuv420p")

    with split_clip(path, "nv12", spoil) as coded:
        images, found, reader = read(path, None, coded, batch)
    assert torch.equal(images, expected)
    assert found == times
    assert (reader.tally.decoded, reader.tally.dropped) == (9, 0)
    assert sum("decoded on the CPU from frame" in warning for warning in reader.warnings) == 1


@pytest.mark.parametrize("split", list(CLIPS))
def test_a_device_whose_first_picture_is_right_is_taken(
    tmp_path: Path, split: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = probe(make_clip(tmp_path / "a.mp4", **CLIPS[split]))
    monkeypatch.setattr(hardware, "open_on", lambda info, _device: split_clip(info.path, split))
    with open_hardware(info, GPU) as coded:
        assert sum(len(coded.decode(packet)) for packet in coded.packets) == 12


def test_a_device_whose_first_picture_is_off_by_one_code_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(_number: int, frame: av.VideoFrame) -> av.VideoFrame:
        changed = frame.to_ndarray()
        changed[-1, -1] ^= 1  # of the last red chroma
        return av.VideoFrame.from_ndarray(changed, "nv12")

    info = probe(make_clip(tmp_path / "a.mp4"))
    monkeypatch.setattr(hardware, "open_on", lambda info, _device: split_clip(info.path, "nv12", spoil))
    with pytest.raises(HardwareError, match="differs from what the CPU decodes"), open_hardware(info, GPU):
        pass


def test_planes_that_can_not_be_taken_over_are_no_reason_to_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise NotImplementedError("unsupported sw_format")

    info = probe(make_clip(tmp_path / "a.mp4", frames=2))
    monkeypatch.setattr(hardware, "open_on", lambda info, _device: split_clip(info.path, "nv12"))
    monkeypatch.setattr(hardware, "planes_of", refuse)
    with pytest.raises(HardwareError, match="can't be taken over"), open_hardware(info, GPU):
        pass


@pytest.mark.parametrize(
    "recipe",
    [
        {"pix_fmt": "yuv422p"},
        {"codec": "ffv1"},
        {"codec": "mpeg4"},
        {"codec": "libvpx-vp9", "width": 97},
        {"codec": "libvpx-vp9", "height": 63},
    ],
)
def test_what_no_device_decodes_exactly_is_never_tried(
    tmp_path: Path, recipe: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(hardware, "open_on")
    info = probe(make_clip(tmp_path / "a.mkv", frames=2, audio=(), **recipe))
    with pytest.raises(HardwareError, match="it is not asked for"), open_hardware(info, GPU):
        pass


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_the_reason_is_told(tmp_path: Path) -> None:
    info = probe(make_clip(tmp_path / "a.mp4", frames=2))
    with pytest.raises(HardwareError, match="NVDEC does not open"), open_on(info, GPU):
        pass


def test_on_a_cpu_nothing_is_tried_and_nothing_said(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", frames=2)
    with ClipReader(path, DecodeConfig(hardware="auto")) as reader:
        assert sum(len(batch) for batch in reader.frames()) == 2
        assert not any("decoded on" in warning for warning in reader.warnings)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("split", list(CLIPS))
def test_a_gpu_decodes_what_the_cpu_decodes(tmp_path: Path, split: str) -> None:
    path = make_clip(tmp_path / "a.mp4", frames=40, width=640, height=368, **CLIPS[split])
    with ClipReader(path, DecodeConfig(hardware="auto", batch=8), device=GPU) as reader:
        found = [reader.converter.to_planes(batch.images) for batch in reader.frames()]
    if any("NVDEC does not open" in warning or "leaves such pictures" in warning for warning in reader.warnings):
        pytest.skip(f"this card does not decode it: {reader.warnings}")
    assert not any("decoded on the CPU" in warning for warning in reader.warnings)
    with ClipReader(path, DecodeConfig(batch=8)) as reader:
        expected = [reader.converter.to_planes(batch.images) for batch in reader.frames()]
    for ours, theirs in zip(found, expected, strict=True):
        assert all(torch.equal(plane.cpu(), other) for plane, other in zip(ours, theirs, strict=True))
