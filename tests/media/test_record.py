import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from vidstyle.errors import ClipReadError, ClipWriteError, TargetError
from vidstyle.media import ClipReader, probe
from vidstyle.media.record import record_clip

RATE = Fraction(24000, 1001)


def pictures(count: int = 6, height: int = 32, width: int = 48) -> Iterator[torch.Tensor]:
    ramp = torch.linspace(0, 1, width).expand(3, height, width)
    for number in range(count):
        yield ramp * torch.tensor([1.0, 0.6, 0.2 + 0.1 * number])[:, None, None]


def sine(seconds: float, channels: int = 2) -> np.ndarray:
    time = np.arange(round(seconds * 48_000)) / 48_000
    return np.stack([0.5 * np.sin(2 * np.pi * 440 * (n + 1) * time) for n in range(channels)]).astype(np.float32)


def test_every_frame_comes_back_in_its_colour_and_at_its_time(tmp_path: Path):
    path = tmp_path / "new.mp4"
    assert record_clip(path, pictures(), frame_rate=RATE) == 6
    with ClipReader(path) as reader:
        batches = list(reader.frames())
        assert reader.warnings == []
    images = torch.cat([batch.images for batch in batches])
    assert float((images - torch.stack(list(pictures()))).abs().mean()) < 0.02
    ticks = [pts * batch.time_base for batch in batches for pts in batch.pts]
    assert ticks == [number / RATE for number in range(6)]


def test_the_clip_is_tagged_as_it_is_coded(tmp_path: Path):
    record_clip(tmp_path / "new.mp4", pictures(), frame_rate=RATE)
    video = probe(tmp_path / "new.mp4").video
    assert (video.codec, video.pix_fmt) == ("h264", "yuv420p")
    tags = video.tags
    assert (tags.matrix, tags.primaries, tags.transfer, tags.range) == ("bt709", "bt709", "bt709", "limited")
    assert probe(tmp_path / "new.mp4").audio == ()


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("seconds", [0.1, 0.25, 0.6])
def test_the_sound_comes_back_whole_and_in_place(tmp_path: Path, channels: int, seconds: float):
    path, sound = tmp_path / "new.mov", sine(seconds, channels)
    record_clip(path, pictures(), frame_rate=RATE, sound=sound)
    with av.open(path) as container:
        heard = np.concatenate([part.to_ndarray() for part in container.decode(audio=0)], axis=1)
    assert heard.shape[0] == channels
    assert sound.shape[1] <= heard.shape[1] <= sound.shape[1] + 1024
    middle = slice(2048, sound.shape[1] - 1024)
    assert np.abs(heard[:, middle] - sound[:, middle]).max() < 0.1


def test_picture_and_sound_lie_beside_each_other_in_the_file(tmp_path: Path):
    record_clip(tmp_path / "new.mkv", pictures(48), frame_rate=Fraction(24), sound=sine(2))
    with av.open(tmp_path / "new.mkv") as container:
        kinds = [packet.stream.type for packet in container.demux() if packet.size]
    assert {"video", "audio"} == set(kinds[: len(kinds) // 3]) == set(kinds[-len(kinds) // 3 :])


def test_an_existing_clip_is_refused_and_replaced_only_when_asked(tmp_path: Path):
    path = tmp_path / "new.mp4"
    path.write_text("mine")
    with pytest.raises(TargetError, match="already"):
        record_clip(path, pictures(), frame_rate=RATE)
    assert path.read_text() == "mine"
    record_clip(path, pictures(), frame_rate=RATE, overwrite=True)
    assert probe(path).video.width == 48


def failing() -> Iterator[torch.Tensor]:
    yield from pictures(2)
    raise ClipReadError("the brush broke", path=Path("brush"))


def growing() -> Iterator[torch.Tensor]:
    yield from pictures(2)
    yield from pictures(2, height=64)


@pytest.mark.parametrize(
    ("frames", "error", "words"),
    [
        ([], ClipWriteError, "no frame"),
        (list(pictures(2, height=31)), ClipWriteError, "even sides"),
        (growing(), ClipWriteError, "frame 2 is"),
        (failing(), ClipReadError, "the brush broke"),
    ],
)
def test_a_failure_leaves_nothing(tmp_path: Path, frames, error: type[Exception], words: str):
    with pytest.raises(error, match=words):
        record_clip(tmp_path / "new.mp4", frames, frame_rate=RATE)
    assert list(tmp_path.iterdir()) == []


def test_an_absent_folder_is_a_target_error(tmp_path: Path):
    with pytest.raises(TargetError, match="check its folder"):
        record_clip(tmp_path / "absent" / "new.mp4", pictures(), frame_rate=RATE)


def test_an_unknown_suffix_is_a_target_error(tmp_path: Path):
    with pytest.raises(TargetError, match=r"choose \.mp4"):
        record_clip(tmp_path / "new.xyz", pictures(), frame_rate=RATE)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_a_write_error(tmp_path: Path):
    partial = tmp_path / f".new.{os.getpid()}.part.mp4"
    partial.symlink_to("/dev/full")
    with pytest.raises(ClipWriteError, match="writing failed"):
        record_clip(tmp_path / "new.mp4", pictures(), frame_rate=RATE)
    assert list(tmp_path.iterdir()) == []
