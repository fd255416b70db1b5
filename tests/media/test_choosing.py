"""The encoder and pixel format that lose least are chosen."""

import pytest

from vidstyle.errors import ConfigError, EncoderUnavailableError
from vidstyle.media import ENCODERS, EncodeConfig, available_decoders, opens
from vidstyle.media.choosing import choose_encoder, losses, nearest_layout, thread_count
from vidstyle.media.planar import planar_layout


@pytest.mark.parametrize(
    ("container", "pix_fmt", "size", "expected"),
    [
        ("mp4", "yuv420p", (720, 1280), {"x264", "nvenc-h264"}),
        ("mov", "yuv420p10le", (720, 1280), {"x265", "nvenc-hevc"}),
        ("matroska", "yuv444p12le", (720, 1280), {"x265", "nvenc-hevc"}),
        ("webm", "yuv420p", (720, 1280), {"vp9"}),
        ("webm", "yuv420p10le", (720, 1280), {"av1"}),
        ("mp4", "yuv420p", (181, 321), {"vp9"}),
        ("mp4", "yuv420p10le", (181, 321), {"av1"}),
        ("mov", "yuv420p", (181, 321), {"x264"}),
        ("mp4", "yuv444p", (181, 321), {"x264", "nvenc-h264"}),
    ],
)
def test_auto_suits_container_depth_and_size(container, pix_fmt, size, expected):
    assert choose_encoder(EncodeConfig(), container, planar_layout(pix_fmt), size).preset.name in expected


@pytest.mark.parametrize(
    ("pix_fmt", "gpu", "cpu"), [("yuv420p", "nvenc-h264", "x264"), ("yuv420p10le", "nvenc-hevc", "x265")]
)
def test_auto_takes_nvenc_where_it_opens_at_this_size_and_the_processor_else(monkeypatch, pix_fmt, gpu, cpu):
    tried = []

    def opens_below_8k(preset, size, pix_fmt):
        tried.append((preset.name, size, pix_fmt))
        return "" if size[1] <= 4096 else "width not within range"

    monkeypatch.setattr("vidstyle.media.choosing.why_closed", opens_below_8k)
    for width, expected in ((1920, gpu), (7680, cpu)):
        found = choose_encoder(EncodeConfig(), "mp4", planar_layout(pix_fmt), (1080, width))
        assert (found.preset.name, found.pix_fmt) == (expected, tried[-1][2] if expected == gpu else pix_fmt)
        assert tried[-1][:2] == (gpu, (1080, width))


def test_auto_never_asks_nvenc_for_what_it_would_lose(monkeypatch):
    monkeypatch.setattr("vidstyle.media.choosing.why_closed", lambda *_: "")
    assert choose_encoder(EncodeConfig(), "mp4", planar_layout("yuv422p12le"), (64, 64)).preset.name == "x265"


def test_an_encoder_that_does_not_open_is_refused_with_what_is_there_instead(monkeypatch):
    monkeypatch.setattr("vidstyle.media.choosing.why_closed", lambda preset: "no such device")
    with pytest.raises(
        EncoderUnavailableError, match=r"nvenc-av1 does not open here \(no such device\).*x264"
    ) as caught:
        choose_encoder(EncodeConfig(encoder="nvenc-av1"), "mp4", planar_layout("yuv420p"), (64, 64))
    assert (caught.value.exit_code, caught.value.device) == (75, "cuda")


@pytest.mark.parametrize(
    ("encoder", "pix_fmt", "expected"),
    [
        ("x264", "yuv420p", "yuv420p"),
        ("x264", "yuv444p12le", "yuv444p10le"),
        ("x264", "yuv411p", "yuv422p"),
        ("x264", "gbrp", "yuv444p"),
        ("x265", "gbrp", "gbrp"),
        ("prores", "yuv420p", "yuv422p10le"),
        ("av1", "yuv422p10le", "yuv420p10le"),
        ("ffv1", "gbrp", "bgr0"),
        ("dnxhr", "gray", "yuv422p"),
    ],
)
def test_the_nearest_pixel_format_loses_least(encoder, pix_fmt, expected):
    assert nearest_layout(ENCODERS.get(encoder).layouts(), planar_layout(pix_fmt))[0] == expected


@pytest.mark.parametrize(
    ("source", "target", "lost"),
    [
        ("yuv420p", "yuv422p10le", (0, 0, 0)),
        ("yuv444p12le", "yuv420p", (4, 2, 0)),
        ("gbrp", "yuv444p", (0, 0, 1)),
        ("yuv420p", "gray", (0, 3, 0)),
        ("gray", "yuv420p", (0, 0, 0)),
    ],
)
def test_losses_are_told_apart(source, target, lost):
    assert losses(planar_layout(source), planar_layout(target)) == lost


def test_an_asked_for_pixel_format_is_used_or_refused():
    source = planar_layout("yuv420p")
    choice = choose_encoder(EncodeConfig(encoder="x264", pixel_format="yuv444p10le"), "mp4", source, (64, 64))
    assert (choice.pix_fmt, choice.layout.bits) == ("yuv444p10le", 10)
    with pytest.raises(ConfigError, match="gray10le"):
        choose_encoder(EncodeConfig(encoder="x264", pixel_format="rgb24"), "mp4", source, (64, 64))


def test_at_least_one_thread_encodes():
    assert thread_count(EncodeConfig()) >= 1
    assert thread_count(EncodeConfig(threads=7)) == 7


def test_the_usual_decoders_open():
    found = {decoder.name: decoder for decoder in available_decoders()}
    assert all(found[name].opens for name in ("h264", "hevc", "vp9", "prores"))


def test_software_encoders_open_here():
    assert opens("x264")
    assert opens("ffv1")
