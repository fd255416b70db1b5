"""What can't be written is refused before anything is decoded."""

import os

import pytest

from tests.clips import make_clip
from tests.media.evidence import copy_clip, video_times
from vidstyle.errors import ConfigError, TargetError, VidstyleError
from vidstyle.media import ClipReader, ClipWriter, EncodeConfig


def refused(source, target, **settings):
    """The error that entering the writer raises; the folder must look as before."""
    before = sorted(target.parent.iterdir()) if target.parent.is_dir() else None
    with pytest.raises(VidstyleError) as caught, ClipReader(source) as reader:  # noqa: SIM117
        with ClipWriter(target, like=reader.info, config=EncodeConfig(**settings)):
            pytest.fail("the writer opened")
    assert before == (sorted(target.parent.iterdir()) if target.parent.is_dir() else None)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.fixture
def source(tmp_path):
    return make_clip(tmp_path / "source.mp4", frames=6)


def test_an_existing_target_is_refused_and_untouched(tmp_path, source):
    (tmp_path / "b.mp4").write_text("precious")
    error = refused(source, tmp_path / "b.mp4")
    assert isinstance(error, TargetError)
    assert error.exit_code == 73
    assert (tmp_path / "b.mp4").read_text() == "precious"


def test_an_existing_target_is_replaced_on_request(tmp_path, source):
    (tmp_path / "b.mp4").write_text("old")
    copy_clip(source, tmp_path / "b.mp4", overwrite=True)
    assert len(video_times(tmp_path / "b.mp4")) == 6


def test_the_source_is_never_the_target(tmp_path, source):
    (tmp_path / "link.mp4").symlink_to(source)
    for target in (source, tmp_path / "link.mp4"):
        with ClipReader(source) as reader, pytest.raises(TargetError, match="source itself"):
            ClipWriter(target, like=reader.info, overwrite=True).__enter__()


@pytest.mark.parametrize("name", ["b", "b.xyz", "b.avi", ".mp4"])
def test_an_unknown_suffix_is_refused_with_the_known_ones(tmp_path, source, name):
    assert ".mp4, .m4v, .mov, .mkv, .webm" in str(refused(source, tmp_path / name))


def test_a_missing_folder_is_refused(tmp_path, source):
    assert "no folder" in str(refused(source, tmp_path / "nowhere" / "b.mp4"))


def test_a_folder_as_target_is_refused(tmp_path, source):
    (tmp_path / "b.mp4").mkdir()
    assert "is a folder" in str(refused(source, tmp_path / "b.mp4"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_refused(tmp_path, source):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    assert "can't be written" in str(refused(source, folder / "b.mp4"))


@pytest.mark.parametrize(
    ("audio", "suffix", "works"),
    [
        (("libopus",), ".mov", ".mkv"),
        (("flac",), ".mov", ".mkv"),
        (("aac",), ".webm", ".mp4"),
        (("pcm_s16le",), ".mp4", ".mov"),
    ],
)
def test_a_track_that_may_only_be_copied_is_refused_with_a_container_that_can_hold_it(tmp_path, audio, suffix, works):
    source = make_clip(tmp_path / "a.mkv", frames=2, audio=audio)
    error = refused(source, tmp_path / f"b{suffix}", audio="copy")
    assert isinstance(error, TargetError)
    assert "#1" in str(error)
    assert works in str(error)


@pytest.mark.parametrize(("encoder", "suffix"), [("prores", ".mp4"), ("x264", ".webm"), ("ffv1", ".mov")])
def test_an_encoder_that_does_not_go_into_the_container_is_refused(tmp_path, source, encoder, suffix):
    assert "does not go into" in str(refused(source, tmp_path / f"b{suffix}", encoder=encoder))


@pytest.mark.parametrize(
    "settings",
    [
        {"encoder": "x264", "speed": "warp9"},
        {"encoder": "x264", "options": {"no-such-option": "1"}},
        {"encoder": "x264", "pixel_format": "gbrp"},
        {"encoder": "prores", "quality": 3},
        {"encoder": "ffv1", "speed": "fast"},
        {"encoder": "x264", "profile": "high"},
        {"encoder": "prores", "profile": "5555"},
        {"encoder": "dnxhr", "profile": "sq", "pixel_format": "yuv422p10le"},
    ],
)
def test_settings_that_the_encoder_does_not_know_are_refused(tmp_path, source, settings):
    suffix = {"prores": ".mov", "dnxhr": ".mov", "ffv1": ".mkv"}.get(settings["encoder"], ".mp4")
    assert isinstance(refused(source, tmp_path / f"b{suffix}", **settings), ConfigError)
