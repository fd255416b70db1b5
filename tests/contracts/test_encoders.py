"""What every encoder preset owes: it opens or says why not, keeps frames and times, and answers to its settings."""

import pytest

from tests.clips import make_clip
from tests.media.evidence import audio_packets, copy_clip, video_times
from vidstyle.errors import ConfigError, EncoderUnavailableError, PluginError
from vidstyle.media import CONTAINERS, ENCODERS, EncodeConfig, EncoderPreset, available_encoders, opens, probe

NAMES = ENCODERS.names()
OPEN = [found.name for found in available_encoders() if found.opens]
SUFFIX = {container: suffix for suffix, container in reversed(CONTAINERS.items())}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_gives_its_preset(name):
    preset = ENCODERS.get(name)
    assert isinstance(preset, EncoderPreset)
    assert preset.name == name
    assert preset.formats
    assert set(preset.formats) <= set(CONTAINERS.values())


@pytest.mark.parametrize("name", NAMES)
def test_it_takes_a_pixel_format_that_we_can_fill(name):
    assert ENCODERS.get(name).layouts()


@pytest.mark.parametrize("found", available_encoders(), ids=lambda found: found.name)
def test_it_opens_or_says_why_not(found):
    assert found.opens == opens(found.name)
    assert bool(found.reason) != found.opens


@pytest.mark.parametrize(("name", "container"), [(n, c) for n in OPEN for c in ENCODERS.get(n).formats])
def test_frames_times_and_sound_survive_in_every_container_it_names(tmp_path, name, container):
    sound = {"webm": "libopus", "mov": "pcm_s16le"}.get(container, "aac")
    origin = ".webm" if container == "webm" else ".mkv" if container == "matroska" else ".mov"
    source = make_clip(
        tmp_path / f"a{origin}", codec="libvpx-vp9" if container == "webm" else "libx264",
        width=256, height=144, frames=5, audio=(sound,),
    )  # fmt: skip
    target = tmp_path / f"b{SUFFIX[container]}"
    _, writer, tally = copy_clip(source, target, encoder=name)
    assert writer.encoder == name
    assert tally.frames == 5
    assert video_times(target) == video_times(source)
    assert audio_packets(target) == audio_packets(source)
    assert (probe(target).video.width, probe(target).video.height) == (256, 144)


@pytest.mark.parametrize("name", [name for name in OPEN if ENCODERS.get(name).quality])
def test_a_higher_quality_number_gives_a_smaller_file(tmp_path, name):
    source = make_clip(tmp_path / "a.mkv", width=256, height=144, frames=5, audio=())
    suffix = SUFFIX[ENCODERS.get(name).formats[0]]
    for quality in (15, 45):
        copy_clip(source, tmp_path / f"{quality}{suffix}", encoder=name, quality=quality)
    assert (tmp_path / f"45{suffix}").stat().st_size < (tmp_path / f"15{suffix}").stat().st_size


@pytest.mark.parametrize("name", [name for name in NAMES if not ENCODERS.get(name).quality])
def test_where_there_is_no_quality_setting_one_is_refused(name):
    preset = ENCODERS.get(name)
    with pytest.raises(ConfigError, match="no quality"):
        preset.settings(EncodeConfig(quality=10), next(iter(preset.layouts())), threads=1)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in OPEN])
def test_one_that_does_not_open_is_refused_with_those_that_do(tmp_path, name):
    source = make_clip(tmp_path / "a.mp4", frames=1)
    with pytest.raises(EncoderUnavailableError) as caught:
        copy_clip(source, tmp_path / "b.mp4", encoder=name)
    assert caught.value.exit_code == 75
    assert caught.value.encoder == name
    assert all(there in str(caught.value) for there in OPEN)


def test_an_unknown_name_is_refused_with_the_nearest(tmp_path):
    source = make_clip(tmp_path / "a.mp4", frames=1)
    with pytest.raises(PluginError, match="did you mean 'x26"):
        copy_clip(source, tmp_path / "b.mp4", encoder="x246")
