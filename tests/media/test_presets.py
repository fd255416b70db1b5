"""A named preset sets what a delivery asks for, and what stands beside it counts more."""

import av
import pytest

from tests.clips import make_clip
from tests.media.evidence import copy_clip, planes, video_times
from vidstyle.errors import ConfigError, PluginError, TargetError
from vidstyle.media import ENCODERS, PRESETS, EncodeConfig, probe
from vidstyle.media.presets import with_preset


@pytest.mark.parametrize(
    ("name", "pix_fmt", "codec", "expected", "profile"),
    [
        ("review", "yuv422p10le", "h264", "yuv420p", "High"),
        ("web", "yuv420p", "h264", "yuv420p", "High"),
        ("master-prores", "yuv420p10le", "prores", "yuv422p10le", "HQ"),
        ("master-prores", "yuv444p10le", "prores", "yuv444p12le", "4444"),
        ("master-dnxhr", "yuv420p", "dnxhd", "yuv422p", "DNXHR HQ"),
        ("master-dnxhr", "yuv422p10le", "dnxhd", "yuv422p10le", "DNXHR HQX"),
        ("master-dnxhr", "yuv444p10le", "dnxhd", "yuv444p10le", "DNXHR 444"),
        ("archive", "yuv422p10le", "ffv1", "yuv422p10le", None),
    ],
)
def test_a_preset_gives_the_codec_depth_and_profile_it_names(tmp_path, name, pix_fmt, codec, expected, profile):
    source = make_clip(
        tmp_path / "a.mkv", codec="ffv1", pix_fmt=pix_fmt, width=256, height=144, frames=3, audio=(), matrix=1
    )
    target = tmp_path / f"b{PRESETS.get(name).suffix}"
    _, writer, _ = copy_clip(source, target, preset=name)
    found = probe(target).video
    assert (found.codec, found.pix_fmt, opened_profile(target)) == (codec, expected, profile)
    assert video_times(target) == video_times(source)
    assert any("depth" in warning for warning in writer.warnings) == (name == "review")


def opened_profile(path):
    with av.open(str(path)) as container:
        next(container.decode(video=0))
        return container.streams.video[0].codec_context.profile


def test_an_archive_gives_back_every_code_of_a_ten_bit_clip(tmp_path):
    source = make_clip(tmp_path / "a.mkv", codec="ffv1", pix_fmt="yuv422p10le", width=98, height=66, frames=3, audio=())
    copy_clip(source, tmp_path / "b.mkv", preset="archive")
    for before, after in zip(planes(source), planes(tmp_path / "b.mkv"), strict=True):
        assert all((one == other).all() for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize("name", PRESETS.names())
def test_every_preset_opens_into_its_own_suffix(tmp_path, name):
    preset = PRESETS.get(name)
    source = make_clip(tmp_path / "a.mkv", width=256, height=144, frames=2, audio=())
    _, writer, _ = copy_clip(source, tmp_path / f"b{preset.suffix}", preset=name)
    assert writer.encoder == preset.settings["encoder"]
    assert preset.purpose


def test_what_stands_beside_a_preset_counts_more():
    config = with_preset(EncodeConfig(preset="web", quality=30, options={"tune": "film"}))
    assert (config.encoder, config.quality, config.speed) == ("x264", 30, "slow")
    assert config.options == {"profile": "high", "tune": "film"}
    assert with_preset(EncodeConfig(quality=3)) == EncodeConfig(quality=3)


def test_an_unknown_preset_is_refused_with_the_nearest():
    with pytest.raises(PluginError, match="did you mean 'master-prores'"):
        with_preset(EncodeConfig(preset="master-prore"))


def test_a_preset_into_a_container_that_cannot_hold_it_is_refused_with_one_that_can(tmp_path):
    source = make_clip(tmp_path / "a.mp4", frames=1)
    with pytest.raises(TargetError, match="write mov or matroska"):
        copy_clip(source, tmp_path / "b.mp4", preset="master-prores")


@pytest.mark.parametrize(
    ("encoder", "profile", "pix_fmt", "told"),
    [
        ("prores", "lt", "yuv422p10le", "LT"),
        ("prores", "422", "yuv422p10le", "Standard"),
        ("prores", "hq", "yuv422p10le", "HQ"),
        ("prores", "4444", "yuv444p12le", "4444"),  # FFmpeg decodes it into 12 bits
        ("dnxhr", "sq", "yuv422p", "DNXHR SQ"),
        ("dnxhr", "hq", "yuv422p", "DNXHR HQ"),
        ("dnxhr", "hqx", "yuv422p10le", "DNXHR HQX"),
        ("dnxhr", "444", "yuv444p10le", "DNXHR 444"),
    ],
)
def test_every_profile_is_reachable_by_name_and_brings_its_pixel_format(tmp_path, encoder, profile, pix_fmt, told):
    source = make_clip(tmp_path / "a.mkv", width=256, height=144, frames=2, audio=())
    copy_clip(source, tmp_path / "b.mov", encoder=encoder, profile=profile)
    assert (probe(tmp_path / "b.mov").video.pix_fmt, opened_profile(tmp_path / "b.mov")) == (pix_fmt, told)


def test_a_profile_that_holds_fewer_bits_than_the_source_says_so(tmp_path):
    source = make_clip(
        tmp_path / "a.mkv", codec="ffv1", pix_fmt="yuv422p10le", width=256, height=144, frames=2, audio=()
    )
    _, writer, _ = copy_clip(source, tmp_path / "b.mov", encoder="dnxhr", profile="sq")
    assert any("yuv422p10le is written as yuv422p" in w and "depth" in w for w in writer.warnings)


def test_unknown_profiles_are_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="hq, 4444, 422, lt"):
        ENCODERS.get("prores").layouts("5555")
    with pytest.raises(ConfigError, match="pixel format"):
        ENCODERS.get("x264").layouts("high")


def test_a_number_may_stand_where_an_encoder_takes_words():
    config = EncodeConfig(speed=8, options={"g": 12})
    assert (config.speed, config.options) == ("8", {"g": "12"})
