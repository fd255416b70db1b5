"""`probe` says what a clip holds."""

from fractions import Fraction

import av
import numpy as np
import pytest

from tests.clips import make_clip
from vidstyle.errors import ClipReadError
from vidstyle.media import ClipInfo, probe


def test_picture_and_sound_are_described(tmp_path):
    path = make_clip(
        tmp_path / "a.mp4", frames=5, width=128, height=72, audio=("aac", "aac"), audio_languages=("eng", "deu")
    )
    info = probe(path)
    assert (info.video.width, info.video.height, info.video.codec, info.video.pix_fmt) == (128, 72, "h264", "yuv420p")
    assert (info.video.frames, info.video.average_rate, info.video.time_base) == (5, 25, Fraction(1, 12800))
    assert [(track.codec, track.rate, track.channels, track.metadata["language"]) for track in info.audio] == [
        ("aac", 48000, 2, "eng"),
        ("aac", 48000, 2, "deu"),
    ]


@pytest.mark.parametrize("location", ["left", "center", "topleft"])
@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_all_colour_tags_are_read(tmp_path, codec, location):
    path = make_clip(
        tmp_path / "a.mkv", codec=codec, pix_fmt="yuv420p10le", options=quiet(codec), frames=2, audio=(),
        matrix=9, primaries=9, transfer=14, full_range=True, chroma_location=location,
    )  # fmt: skip
    tags = probe(path).video.tags
    assert tags.model_dump() == {
        "matrix": "bt2020nc",
        "primaries": "bt2020",
        "transfer": "bt2020-10",
        "range": "full",
        "chroma_location": location,
    }


def quiet(codec):
    return {"x265-params": "log-level=none"} if codec == "libx265" else {}


def test_untagged_is_called_unknown(tmp_path):
    tags = probe(make_clip(tmp_path / "a.mp4", frames=1)).video.tags
    assert (tags.matrix, tags.primaries, tags.transfer, tags.range) == ("unknown",) * 4


def test_geometry_timecode_and_titles_are_read(tmp_path):
    path = make_clip(
        tmp_path / "a.mov", rotation=90, sample_aspect_ratio=Fraction(16, 11), timecode="01:00:00:00",
        metadata={"title": "Reel 7"},
    )  # fmt: skip
    info = probe(path)
    assert (info.video.rotation, info.video.sample_aspect_ratio) == (90, Fraction(16, 11))
    assert info.video.timecode == "01:00:00:00"
    assert info.metadata["title"] == "Reel 7"


def test_cover_art_is_not_the_picture(tmp_path):
    info = probe(with_cover_art(tmp_path))
    assert (info.video.codec, info.video.width) == ("h264", 96)
    assert [(other.kind, other.codec) for other in info.others] == [("video", "png")]


def with_cover_art(folder):
    source, path = make_clip(folder / "plain.mp4", frames=3, audio=()), folder / "covered.mp4"
    with av.open(str(source)) as reading, av.open(str(path), "w") as writing:
        cover = writing.add_stream("png", rate=1)
        cover.width, cover.height, cover.pix_fmt = 32, 32, "rgb24"
        cover.disposition = av.stream.Disposition.attached_pic
        video = writing.add_stream_from_template(reading.streams.video[0])
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))
        writing.mux(cover.encode(frame) + cover.encode(None))
        for packet in reading.demux(video=0):
            if packet.size:
                packet.stream = video
                writing.mux(packet)
    return path


def test_a_clip_of_cover_art_alone_holds_no_picture(tmp_path):
    path = tmp_path / "cover.mp4"
    with av.open(str(path), "w") as writing:
        cover = writing.add_stream("png", rate=1)
        cover.width, cover.height, cover.pix_fmt = 32, 32, "rgb24"
        cover.disposition = av.stream.Disposition.attached_pic
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))
        writing.mux(cover.encode(frame) + cover.encode(None))
    with pytest.raises(ClipReadError, match="no picture"):
        probe(path)


def test_it_survives_json(tmp_path):
    info = probe(make_clip(tmp_path / "a.mkv", audio=("libopus", "flac"), timecode="00:00:10:00"))
    assert ClipInfo.model_validate_json(info.model_dump_json()) == info


def test_the_description_names_every_stream(tmp_path):
    text = probe(make_clip(tmp_path / "a.mkv", audio=("libopus", "flac"), audio_languages=("fra",))).describe()
    assert all(word in text for word in ("a.mkv", "h264", "96x64", "25 fps", "opus", "flac", "(fra)", "(und)"))
