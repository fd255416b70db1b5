"""FFmpeg's own programs agree with what we read and wrote."""

import pytest

from tests.clips import make_clip
from tests.media.evidence import copy_clip
from vidstyle.errors import ClipMissingError, ClipReadError, PluginError
from vidstyle.media import external

needs_ffmpeg = pytest.mark.skipif(not external.present(), reason="ffmpeg and ffprobe are not on PATH")


@needs_ffmpeg
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_ffmpeg_finds_the_same_frames_packets_and_tags_in_source_and_copy(tmp_path, suffix):
    source = make_clip(
        tmp_path / f"-a:b{suffix}", matrix=9, primaries=9, transfer=14, full_range=False, pix_fmt="yuv420p10le",
        chroma_location="topleft", audio=("aac", "aac"), audio_languages=("eng", "deu"), frames=9,
    )  # fmt: skip
    target = tmp_path / f"b{suffix}"
    copy_clip(source, target, encoder="x265")
    assert external.count_frames(target) == external.count_frames(source) == 9
    assert external.stream_hashes(target) == external.stream_hashes(source)
    assert len(external.stream_hashes(target)) == 2
    tags = ("color_space", "color_primaries", "color_transfer", "color_range", "chroma_location")
    before, after = (external.ffprobe(path)["streams"][0] for path in (source, target))
    assert [after.get(tag) for tag in tags] == [before.get(tag) for tag in tags]


@needs_ffmpeg
def test_what_ffmpeg_cannot_read_is_a_read_error(tmp_path):
    (tmp_path / "bad.mp4").write_text("no clip")
    with pytest.raises(ClipReadError, match=r"bad\.mp4"):
        external.ffprobe(tmp_path / "bad.mp4")
    with pytest.raises(ClipMissingError):
        external.count_frames(tmp_path / "nothing.mp4")


def test_without_the_programs_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not external.present()
    with pytest.raises(PluginError, match="install FFmpeg"):
        external.ffprobe(tmp_path / "a.mp4")


@needs_ffmpeg
def test_a_clip_without_sound_has_no_sound_hashes(tmp_path):
    assert external.stream_hashes(make_clip(tmp_path / "a.mp4", frames=1, audio=())) == []
