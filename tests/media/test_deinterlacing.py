"""Interlaced frames become whole pictures on request, at their own times; others are left alone."""

import itertools

import av
import numpy as np
import pytest
import torch

from tests.clips import make_clip
from tests.media.evidence import planes, video_times
from vidstyle.frames import Span
from vidstyle.media import ClipReader, ClipWriter, DecodeConfig, EncodeConfig, probe


def rendered(source, target, mode, span=None):
    span = span or Span()
    with (
        ClipReader(source, DecodeConfig(deinterlace=mode, batch=3)) as reader,
        ClipWriter(target, like=reader.info, config=EncodeConfig(encoder="ffv1")) as writer,
    ):
        writer.write(reader.frames(span), reader.packets(span))
    return reader


def combed(path):
    """How much neighbouring lines of the frames differ beyond lines of the same field."""
    for frame in planes(path):
        luma = frame[0].astype(float)
        across, within = np.abs(luma[1:] - luma[:-1]).mean(), np.abs(luma[2:] - luma[:-2]).mean()
        yield across - within


@pytest.fixture
def woven(tmp_path):
    """Fields of two moments woven into one frame: a picture that moves 9 pixels between its fields."""
    plain = make_clip(tmp_path / "plain.mkv", codec="ffv1", frames=12, motion=(9, 0), width=192, height=128, audio=())
    path = tmp_path / "woven.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "1", "x264-params": "tff=1"})
        stream.width, stream.height, stream.pix_fmt = 192, 128, "yuv420p"
        frames = list(planes(plain))
        for n, (top, bottom) in enumerate(zip(frames[::2], frames[1::2], strict=True)):
            frame = av.VideoFrame(192, 128, "yuv420p")
            for plane, first, second in zip(frame.planes, top, bottom, strict=True):
                rows = np.frombuffer(plane, np.uint8).reshape(plane.height, -1)
                rows[::2, : plane.width], rows[1::2, : plane.width] = first[::2], second[1::2]
            frame.pts = n
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_bwdif_takes_the_combs_away_and_keeps_every_time(tmp_path, woven):
    reader = rendered(woven, tmp_path / "b.mkv", "bwdif")
    assert video_times(tmp_path / "b.mkv") == video_times(woven)
    assert min(combed(woven)) > 5
    assert max(combed(tmp_path / "b.mkv")) < 0
    assert any("6 interlaced frames (top first) were deinterlaced with bwdif" in warning for warning in reader.warnings)
    assert probe(tmp_path / "b.mkv").video.field_order == ""


def test_off_takes_both_fields_as_one_and_says_so(tmp_path, woven):
    reader = rendered(woven, tmp_path / "b.mkv", "off")
    assert all(np.array_equal(*pair) for pair in zip(frames_of(woven), frames_of(tmp_path / "b.mkv"), strict=True))
    assert any("6 interlaced frames (top first) are taken as progressive" in warning for warning in reader.warnings)


def frames_of(path):
    return np.stack([frame[0] for frame in planes(path)])


def test_frames_that_are_not_interlaced_pass_bit_for_bit(tmp_path):
    source = make_clip(tmp_path / "a.mkv", audio=())
    reader = rendered(source, tmp_path / "b.mkv", "bwdif")
    for before, after in zip(planes(source), planes(tmp_path / "b.mkv"), strict=True):
        assert all(map(np.array_equal, before, after))
    assert not [warning for warning in reader.warnings if "interlaced" in warning]


def test_a_span_is_deinterlaced_as_the_whole_is(tmp_path, woven):
    with ClipReader(woven, DecodeConfig(deinterlace="bwdif")) as reader:
        whole = torch.cat([batch.images for batch in reader.frames()])
    with ClipReader(woven, DecodeConfig(deinterlace="bwdif")) as reader:
        part = torch.cat([batch.images for batch in reader.frames(Span(2, 5))])
    assert torch.equal(whole[2:5], part)
    assert reader.tally.decoded - reader.tally.skipped == 3
    assert any("3 interlaced frames" in warning for warning in reader.warnings)


@pytest.mark.parametrize("name", ["fate_h264_interlaced_crop.mp4", "fate_mpeg2video_sony-ct3.mp4"])
def test_real_interlaced_clips_keep_their_times(real_clips, name):
    source = real_clips.parent / "torture" / name
    with ClipReader(source, DecodeConfig(deinterlace="bwdif")) as reader:
        pts = [each for batch in itertools.islice(reader.frames(Span(0, 7)), 7) for each in batch.pts]
        base = reader.info.video.time_base
    assert [each * base for each in pts] == video_times(source, count=7)
