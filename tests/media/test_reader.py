"""Frames come out complete, in order, at their own times, whatever the batch size."""

import random
from fractions import Fraction

import av
import numpy as np
import pytest
import torch

from tests.clips import ClipRecipe, make_clip, moving_texture
from tests.media.evidence import planes, video_times
from tests.media.test_clip import with_cover_art
from vidstyle.errors import ClipReadError
from vidstyle.frames import Span
from vidstyle.media import ClipReader, DecodeConfig

UNEVEN = (0, 512, 700, 740, 3000, 9001, 9040, 20000)


def read(path, span=None, **config):
    """All images, all pts, and the reader."""
    with ClipReader(path, DecodeConfig(**config)) as reader:
        batches = list(reader.frames(span))
    return torch.cat([batch.images for batch in batches]), [t for batch in batches for t in batch.pts], reader


def test_every_frame_comes_out_with_its_time(tmp_path):
    path = make_clip(tmp_path / "a.mp4", frames=30)
    images, pts, reader = read(path)
    assert images.shape == (30, 3, 64, 96)
    assert [t * reader.info.video.time_base for t in pts] == video_times(path)
    assert (reader.tally.decoded, reader.tally.concealed, reader.tally.dropped) == (30, 0, 0)


@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "ffv1"])
def test_variable_rate_keeps_every_time(tmp_path, codec):
    path = make_clip(tmp_path / "a.mp4" if codec != "ffv1" else tmp_path / "a.mkv", codec=codec, pts=UNEVEN)
    _, pts, reader = read(path)
    assert [t * reader.info.video.time_base for t in pts] == video_times(path)
    assert len(pts) == len(UNEVEN)


@pytest.mark.parametrize("batch", [1, 3, 7, 64])
def test_the_batch_size_changes_nothing(tmp_path, batch):
    path = make_clip(tmp_path / "a.mp4", frames=10)
    images, pts, _ = read(path, batch=4)
    others, times, _ = read(path, batch=batch)
    assert torch.equal(images, others)
    assert pts == times


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (3, 8), (9, 10), (0, None), (7, None), (2, 99)])
def test_a_span_is_exact_to_the_frame(tmp_path, start, stop):
    path = make_clip(tmp_path / "a.mp4", frames=10)
    images, pts, _ = read(path)
    part, times, _ = read(path, Span(start, stop))
    assert torch.equal(part, images[start:stop])
    assert times == pts[start:stop]


def test_the_picture_is_the_one_that_was_written(tmp_path):
    recipe = ClipRecipe(frames=2, codec="ffv1", pix_fmt="gbrp16le", audio=())
    images, _, _ = read(make_clip(tmp_path / "a.mkv", recipe))
    assert images.permute(0, 2, 3, 1).numpy() == pytest.approx(moving_texture(recipe) / 255, abs=2 / 255)


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p10le", "yuv444p12le", "yuv411p", "gray", "gbrp10le"])
@pytest.mark.parametrize("full_range", [None, True])
def test_decoded_planes_come_back_from_rgb_with_every_code(tmp_path, pix_fmt, full_range):
    path = make_clip(
        tmp_path / "a.mkv", codec="ffv1", pix_fmt=pix_fmt, frames=3, width=97, height=65, full_range=full_range
    )
    with ClipReader(path) as reader:
        batches = [reader.converter.to_planes(batch.images) for batch in reader.frames()]
    found = [frame for batch in batches for frame in zip(*batch, strict=True)]
    for frame, expected in zip(found, planes(path), strict=True):
        assert all(np.array_equal(a.numpy(), b) for a, b in zip(frame, expected, strict=True))


def test_a_moving_texture_moves_as_promised(tmp_path):
    images, _, _ = read(make_clip(tmp_path / "a.mkv", codec="ffv1", pix_fmt="gbrp16le", motion=(3, -2), audio=()))
    assert torch.allclose(images[1, :, :-2, 3:], images[0, :, 2:, :-3], atol=1e-4)


@pytest.mark.parametrize(("height", "name"), [(64, "BT.601"), (720, "BT.709")])
def test_an_untagged_matrix_is_assumed_by_height_and_named(tmp_path, height, name):
    _, _, reader = read(make_clip(tmp_path / "a.mp4", frames=1, height=height, audio=()))
    assert any(name in warning and "no matrix tag" in warning for warning in reader.warnings)
    assert reader.converter.matrix == {"BT.601": "smpte170m", "BT.709": "bt709"}[name]


def test_a_tagged_clip_gives_no_warning(tmp_path):
    _, _, reader = read(make_clip(tmp_path / "a.mp4", matrix=1, primaries=1, transfer=1, full_range=False))
    assert reader.warnings == []
    assert reader.converter.matrix == "bt709"


def damaged(folder, **settings):
    """A clip in which three packets of the picture are full of noise."""
    path, target = make_clip(folder / "whole.mkv", frames=100, audio=(), **settings), folder / "damaged.mkv"
    noise = random.Random(3)
    with av.open(str(path)) as reading, av.open(str(target), "w") as writing:
        stream = writing.add_stream_from_template(reading.streams.video[0])
        for number, packet in enumerate(p for p in reading.demux(video=0) if p.size):
            copy = av.Packet(noise.randbytes(packet.size) if number in (20, 50, 80) else bytes(packet))
            copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
            copy.is_keyframe, copy.stream = packet.is_keyframe, stream
            writing.mux(copy)
    return target


def test_damaged_packets_cost_only_themselves_and_are_counted(tmp_path):
    path = damaged(tmp_path, options={"bf": "0", "g": "10"})
    images, _, reader = read(path)
    assert len(images) == reader.tally.decoded
    assert reader.tally.decoded + reader.tally.dropped == 100
    assert reader.tally.dropped >= 3
    assert any(f"{reader.tally.dropped} packets could not be decoded" in warning for warning in reader.warnings)


def test_frames_that_the_decoder_concealed_are_counted(tmp_path):
    path = make_clip(
        tmp_path / "a.mkv",
        codec="mpeg2video",
        time_base=Fraction(1, 25),
        frames=60,
        audio=(),
        options={"g": "60", "bf": "0"},
    )
    target = tmp_path / "b.mkv"
    with av.open(str(path)) as reading, av.open(str(target), "w") as writing:
        stream = writing.add_stream_from_template(reading.streams.video[0])
        for number, packet in enumerate(p for p in reading.demux(video=0) if p.size):
            body = bytearray(bytes(packet))
            if number in (20, 40):
                body[len(body) // 2 :] = b"\xff" * (len(body) - len(body) // 2)
            copy = av.Packet(bytes(body))
            copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
            copy.is_keyframe, copy.stream = packet.is_keyframe, stream
            writing.mux(copy)
    _, _, reader = read(target)
    assert reader.tally.concealed == 2
    assert any("2 damaged frames were concealed" in warning for warning in reader.warnings)


def test_a_size_change_names_the_frame(tmp_path):
    path = tmp_path / "a.ts"
    with av.open(str(path), "w", format="mpegts") as container:
        stream = container.add_stream("mpeg2video", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for size, first in (((96, 64), 0), ((128, 80), 5)):
            context = av.CodecContext.create("mpeg2video", "w")
            context.width, context.height, context.pix_fmt = *size, "yuv420p"
            context.time_base, context.framerate = Fraction(1, 25), Fraction(25)
            for n in range(5):
                frame = av.VideoFrame(*size, "yuv420p")
                frame.pts, frame.time_base = first + n, Fraction(1, 25)
                for packet in context.encode(frame) + (context.encode(None) if n == 4 else []):
                    packet.stream = stream
                    container.mux(packet)
    with pytest.raises(ClipReadError, match=r"frame \d is 128x80, expected 96x64"):
        read(path)


def test_one_and_two_frames_are_enough(tmp_path):
    for count in (1, 2):
        images, _, _ = read(make_clip(tmp_path / f"{count}.mp4", frames=count))
        assert len(images) == count


def test_a_span_behind_the_end_is_refused(tmp_path):
    path = make_clip(tmp_path / "a.mp4", frames=4)
    with pytest.raises(ClipReadError, match="has 4 frames, frames 10-20"):
        read(path, Span(10, 20))


def test_a_clip_cut_short_gives_what_is_there(tmp_path):
    path = make_clip(tmp_path / "a.mkv", frames=60, audio=())
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    images, _, _ = read(path)
    assert 20 < len(images) < 60


def test_a_clip_that_does_not_say_all_its_colours_is_refused_on_request(tmp_path):
    tags = {"frames": 1, "audio": (), "matrix": 1, "primaries": 1, "full_range": False}
    with pytest.raises(ClipReadError, match="does not say its transfer; tag it"):
        read(make_clip(tmp_path / "a.mp4", **tags), strict_color=True)
    read(make_clip(tmp_path / "b.mp4", transfer=1, **tags), strict_color=True)


def test_cover_art_is_not_decoded(tmp_path):
    images, _, _ = read(with_cover_art(tmp_path))
    assert images.shape == (3, 3, 64, 96)


def test_interlaced_frames_are_refused_with_the_option(tmp_path):
    path = make_clip(tmp_path / "a.mkv", options={"x264-params": "tff=1"}, audio=())
    with pytest.raises(ClipReadError, match=r"frame 0 is interlaced.*--deinterlace bwdif"):
        read(path)


def test_a_matrix_that_is_not_convertible_is_refused(tmp_path):
    path = make_clip(tmp_path / "a.mkv", codec="libx264", pix_fmt="yuv444p", matrix=8, frames=1, audio=())
    with pytest.raises(ClipReadError, match="ycgco"), ClipReader(path):
        pass


def test_a_picture_larger_than_allowed_is_not_decoded(tmp_path):
    path = make_clip(tmp_path / "a.mp4", frames=3)
    with pytest.raises(ClipReadError, match="at most 100"):
        read(path, max_pixels=100)


def test_reading_is_lazy(tmp_path):
    path = make_clip(tmp_path / "a.mp4", frames=100, options={"bf": "0"})
    with ClipReader(path, DecodeConfig(batch=2, threads=1)) as reader:
        frames = reader.frames()
        assert reader.tally.decoded == 0
        next(frames)
        assert reader.tally.decoded < 50
        frames.close()


def test_times_that_go_back_are_told_of_a_span_too(tmp_path):
    settings = {"codec": "mpeg2video", "audio": (), "time_base": Fraction(1, 25), "frames": 8}
    whole = make_clip(tmp_path / "a.ts", **settings).read_bytes()
    (tmp_path / "twice.ts").write_bytes(whole * 2)
    with ClipReader(tmp_path / "twice.ts") as reader:
        pts = [each for batch in reader.frames(Span(0, 12)) for each in batch.pts]
    assert len(pts) == 12
    assert any("timestamps were missing or went back" in warning for warning in reader.warnings)
