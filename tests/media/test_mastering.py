"""What HDR10 says about the mastering display stays with the picture, or its loss is named."""

from fractions import Fraction

import pytest

from tests.clips import make_clip
from tests.media.evidence import copy_clip
from vidstyle.frames import Span
from vidstyle.media import ClipReader, ClipWriter, EncodeConfig, probe
from vidstyle.media.mastering import Mastering

DISPLAY = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400"
EXPECTED = Mastering(
    primaries=(
        (Fraction(34, 50), Fraction(16, 50)),
        (Fraction(1325, 5000), Fraction(69, 100)),
        (Fraction(15, 100), Fraction(6, 100)),
    ),
    white=(Fraction(15635, 50000), Fraction(16450, 50000)),
    luminance=(Fraction(50, 10000), Fraction(1000)),
    brightest_pixel=1000,
    brightest_average=400,
)


@pytest.fixture
def source(tmp_path):
    return make_clip(
        tmp_path / "a.mkv", codec="libx265", pix_fmt="yuv420p10le", frames=3, width=128, height=128, audio=(),
        matrix=9, primaries=9, transfer=16, full_range=False, options={"x265-params": f"log-level=none:{DISPLAY}"},
    )  # fmt: skip


def test_it_is_read_exactly(source):
    assert probe(source).video.mastering == EXPECTED


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_x265_writes_it_exactly(tmp_path, source, suffix):
    _, writer, _ = copy_clip(source, tmp_path / f"b{suffix}", encoder="x265")
    assert probe(tmp_path / f"b{suffix}").video.mastering == EXPECTED
    assert not [warning for warning in writer.warnings if "mastering" in warning]


def test_av1_writes_it_to_its_own_steps(tmp_path, source):
    copy_clip(source, tmp_path / "b.mp4", encoder="av1")
    found = probe(tmp_path / "b.mp4").video.mastering
    assert (found.brightest_pixel, found.brightest_average) == (1000, 400)
    for before, after in zip((*EXPECTED.primaries, EXPECTED.white), (*found.primaries, found.white), strict=True):
        assert all(abs(a - b) < Fraction(1, 50000) for a, b in zip(before, after, strict=True))
    assert abs(found.luminance[1] - 1000) < 1
    assert abs(found.luminance[0] - EXPECTED.luminance[0]) < Fraction(1, 10000)


@pytest.mark.parametrize(("encoder", "suffix"), [("prores", ".mov"), ("ffv1", ".mkv"), ("vp9", ".webm")])
def test_an_encoder_that_cannot_say_it_is_named(tmp_path, source, encoder, suffix):
    _, writer, _ = copy_clip(source, tmp_path / f"b{suffix}", encoder=encoder)
    assert any("mastering metadata is not kept" in warning for warning in writer.warnings)


def test_hdr_in_8_bits_is_named(tmp_path, source):
    _, writer, _ = copy_clip(source, tmp_path / "b.mp4", preset="review")
    assert any("depth" in warning for warning in writer.warnings)


@pytest.mark.parametrize(
    "name", ["fate_prores_Meridian-Apple_ProResProxy-HDR10.mp4", "media3_sample_with_colr_mdcv_and_clli.mp4"]
)
def test_it_comes_along_from_real_files(tmp_path, real_clips, name):
    source = real_clips.parent / "torture" / name
    config = EncodeConfig(encoder="x265", speed="ultrafast")
    with ClipReader(source) as reader, ClipWriter(tmp_path / "b.mp4", like=reader.info, config=config) as writer:
        writer.write(reader.frames(Span(0, 1)))
    before, after = reader.info.video.mastering, probe(tmp_path / "b.mp4").video.mastering
    assert (after.brightest_pixel, after.brightest_average) == (before.brightest_pixel, before.brightest_average)
    assert after.primaries == before.primaries
    assert after.luminance == before.luminance
