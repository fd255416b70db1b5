"""The network sees upright pictures; the output is coded and shown as the source."""

import itertools

import numpy as np
import pytest
import torch

from tests.clips import ClipRecipe, make_clip, moving_texture
from tests.media.evidence import copy_clip, planes
from vidstyle.media import ClipReader, probe
from vidstyle.media.orientation import Orientation

ALL = [Orientation(*flags) for flags in itertools.product((False, True), repeat=3)]
EIGHT = list(itertools.product((0, 90, 180, 270), (False, True)))


@pytest.mark.parametrize("turned", ALL)
def test_upright_and_back_is_the_picture_itself(turned):
    picture = torch.arange(2 * 3 * 4 * 6).reshape(2, 3, 4, 6)
    assert torch.equal(turned.coded(turned.upright(picture)), picture)
    assert turned.upright(picture).shape[-2:] == turned.size(4, 6)


def test_matrices_mean_what_ffmpeg_means():
    one = 65536
    quarter = Orientation.of((0, one, 0, -one, 0, 0, 0, 0, 1 << 30))  # a phone held upright: shown turned clockwise
    picture = torch.arange(6).reshape(2, 3)
    assert quarter.upright(picture).tolist() == picture.rot90(-1).tolist()
    assert Orientation.of((-one, 0, 0, 0, one, 0, 0, 0, 1 << 30)).upright(picture).tolist() == picture.flip(1).tolist()
    assert Orientation.of(()) == Orientation()
    assert Orientation.of((one * 2, 0, 0, 0, -one, 0, 0, 0, 1 << 30)) == Orientation(flipped_y=True)
    assert Orientation.of((one, one, 0, -one, one, 0, 0, 0, 1 << 30)) is None


@pytest.mark.parametrize(("rotation", "mirror"), EIGHT)
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_pictures_are_read_upright_and_the_output_shows_them_so(tmp_path, rotation, mirror, suffix):
    source = make_clip(
        tmp_path / "a.mov", rotation=rotation, mirror=mirror, frames=2, matrix=1, audio=(), options={"crf": "1"}
    )
    copy_clip(source, tmp_path / f"b{suffix}", quality=1)
    before, after = upright(source), upright(tmp_path / f"b{suffix}")
    expected = shown(rotation, mirror)
    assert before.shape == after.shape == expected.shape
    assert np.abs(before - expected).mean() < 0.03
    assert np.abs(after - expected).mean() < 0.03
    assert (probe(tmp_path / f"b{suffix}").video.width, probe(source).video.width) == (96, 96)


def upright(path):
    with ClipReader(path) as reader:
        images = next(reader.frames()).images[0]
        assert tuple(images.shape[-2:]) == reader.info.video.upright
    return images.permute(1, 2, 0).numpy()


def shown(rotation, mirror):
    picture = moving_texture(ClipRecipe(frames=1))[0] / 255
    turned = np.rot90(picture, rotation // 90)
    return turned[:, ::-1] if mirror else turned


@pytest.mark.parametrize(("rotation", "mirror"), EIGHT)
def test_turned_pictures_come_back_code_for_code(tmp_path, rotation, mirror):
    source = make_clip(
        tmp_path / "a.mov", rotation=rotation, mirror=mirror, frames=2, width=98, height=66, pix_fmt="yuv422p10le",
        audio=(),
    )  # fmt: skip
    copy_clip(source, tmp_path / "b.mkv", encoder="ffv1")
    for first, second in zip(planes(source), planes(tmp_path / "b.mkv"), strict=True):
        assert all(map(np.array_equal, first, second))


@pytest.mark.parametrize("name", ["decord_video_90.mov", "decord_video_270.mov", "fate_h264_displaymatrix.mp4"])
def test_real_turned_clips_are_upright(real_clips, name):
    with ClipReader(real_clips.parent / "torture" / name) as reader:
        video, batch = reader.info.video, next(reader.frames())
    assert tuple(batch.images.shape[-2:]) == (video.width, video.height)
