"""A name is only ever a name, and what is no clip ends in one clear error of the right class."""

import os

import av
import pytest

from tests.clips import make_clip
from tests.media.evidence import copy_clip, video_times
from vidstyle.errors import ClipMissingError, ClipReadError
from vidstyle.media import ClipReader, probe

HOSTILE_NAMES = [
    *("a:b.mp4", "-i.mp4", "shot_%04d.mp4", "two words.mp4", "Schloß 東京 🎬.mp4", "concat:x.mp4", "a|b.mp4"),
    *("quote's.mp4", 'double".mp4', "new\nline.mp4", "pipe:.mp4", "file:c.mp4", "$(touch x).mp4", "*.mp4", "..mp4"),
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names_are_read_and_written(tmp_path, name):
    source = make_clip(tmp_path / name, frames=2, audio=())
    (tmp_path / "out").mkdir()
    target = tmp_path / "out" / name
    copy_clip(source, target)
    assert len(video_times(target)) == 2
    assert list((tmp_path / "out").iterdir()) == [target]


def test_a_relative_name_that_looks_like_an_option_is_a_file(tmp_path, monkeypatch):
    make_clip(tmp_path / "-i.mp4", frames=1, audio=())
    monkeypatch.chdir(tmp_path)
    assert probe("-i.mp4").video.width == 96


def test_a_playlist_in_disguise_opens_nothing(tmp_path):
    make_clip(tmp_path / "secret.mp4", frames=1)
    lure = tmp_path / "lure.mp4"
    lure.write_text("ffconcat version 1.0\nfile 'secret.mp4'\n")
    with pytest.raises(ClipReadError, match=r"lure\.mp4"):
        probe(lure)


@pytest.mark.parametrize(
    "text", ["#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.mp4\n#EXT-X-ENDLIST\n", "<MPD/>"]
)
def test_other_playlists_open_nothing(tmp_path, text):
    make_clip(tmp_path / "secret.mp4", frames=1)
    (tmp_path / "lure.m3u8").write_text(text)
    with pytest.raises(ClipReadError):
        probe(tmp_path / "lure.m3u8")


def not_clips(folder):
    whole = make_clip(folder / "whole.mp4").read_bytes()
    return {
        "empty": b"",
        "text": b"This is no clip.\n" * 50,
        "random": os.urandom(20_000),
        "without its index": whole[: len(whole) // 2],
        "picture-less": make_clip_with_sound_only(folder).read_bytes(),
    }


def make_clip_with_sound_only(folder):
    path = folder / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48_000, layout="mono")
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.rate = 48_000
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        container.mux(stream.encode(frame) + stream.encode(None))
    return path


@pytest.mark.parametrize("kind", ["empty", "text", "random", "without its index", "picture-less"])
def test_what_is_no_clip_is_refused_in_one_line(tmp_path, kind):
    path = tmp_path / "bad.mp4"
    path.write_bytes(not_clips(tmp_path)[kind])
    with pytest.raises(ClipReadError) as caught, ClipReader(path):
        pass
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.path == path


def test_a_missing_clip_is_its_own_error(tmp_path):
    with pytest.raises(ClipMissingError, match="no clip at"):
        probe(tmp_path / "nothing.mp4")


def test_a_folder_is_no_clip(tmp_path):
    with pytest.raises(ClipReadError, match="not a file"):
        probe(tmp_path)


def test_a_name_too_long_for_the_file_system_is_refused(tmp_path):
    with pytest.raises(ClipReadError, match="name"):
        probe(tmp_path / ("x" * 300 + ".mp4"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_clip_is_refused(tmp_path):
    path = make_clip(tmp_path / "locked.mp4", frames=1)
    path.chmod(0)
    with pytest.raises(ClipReadError, match="permissions"):
        probe(path)
