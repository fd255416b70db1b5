"""Numbered pictures are read as a clip is: every code, in order, with what they say about themselves."""

from fractions import Fraction

import av
import numpy as np
import pytest
import torch

from tests.clips import make_clip
from tests.sequences import FILM, light, read_exr, textures, write_exrs, write_pictures
from vidstyle.errors import ClipReadError, ConfigError
from vidstyle.frames import Span
from vidstyle.media import DecodeConfig
from vidstyle.media.kinds import open_reader


def read(path, span=None, **sequence):
    config = DecodeConfig(batch=2, sequence=sequence) if sequence else DecodeConfig(batch=2)
    with open_reader(path, config) as reader:
        batches = list(reader.frames(span))
    return reader, torch.cat([batch.images for batch in batches]), [pts for batch in batches for pts in batch.pts]


@pytest.mark.parametrize(
    ("suffix", "depth"), [(".png", np.uint8), (".png", np.uint16), (".tif", np.uint8), (".tif", np.uint16)]
)
def test_every_code_arrives(tmp_path, suffix, depth):
    frames = textures(depth=depth)
    pattern = write_pictures(tmp_path / f"s.%04d{suffix}", frames)
    reader, images, pts = read(pattern, fps="24000/1001")
    codes = (images * np.iinfo(depth).max).round().permute(0, 2, 3, 1).numpy().astype(depth)
    assert np.array_equal(codes, frames)
    assert pts == [0, 1, 2]
    video = reader.info.video
    assert (video.average_rate, video.time_base, video.frames, video.first_number) == (FILM, 1 / FILM, 3, 1001)
    assert reader.tally.decoded == 3
    assert reader.warnings == []


def test_a_jpeg_is_read_by_its_own_matrix_at_any_size(tmp_path):
    pattern = write_pictures(tmp_path / "s.%04d.jpg", textures(1, width=64, height=736))
    frame = textures(1, width=64, height=736)[0]
    _, images, _ = read(pattern)
    assert np.abs(images[0].permute(1, 2, 0).numpy() * 255 - frame).mean() < 4


def test_a_span_takes_its_frames_alone(tmp_path):
    pattern = write_pictures(tmp_path / "s.%04d.png", textures(5))
    _, images, pts = read(pattern, Span(2, 4))
    assert pts == [2, 3]
    assert torch.equal(images, read(pattern)[1][2:4])


def test_half_floats_come_as_a_screen_shows_them_and_the_way_back_is_known(tmp_path):
    frames = light()
    reader, images, _ = read(write_exrs(tmp_path / "s.%04d.exr", frames))
    scene = reader.info.video.scene
    assert scene is not None
    assert np.array_equal(scene.to_scene(images).half().permute(0, 2, 3, 1).numpy(), frames)
    assert reader.info.video.tags.transfer == "iec61966-2-1"


def test_an_exr_is_left_as_it_is_on_request(tmp_path):
    frames = light()
    reader, images, _ = read(write_exrs(tmp_path / "s.%04d.exr", frames), input_transfer="display")
    assert reader.info.video.scene is None
    assert np.array_equal(images.permute(0, 2, 3, 1).numpy(), frames.astype(np.float32))


def test_only_the_display_window_is_seen(tmp_path):
    window = (np.array([-8, -4], np.int32), np.array([71, 51], np.int32))
    shown = (np.array([0, 0], np.int32), np.array([63, 47], np.int32))
    frames = light(1, width=80, height=56)
    pattern = write_exrs(tmp_path / "s.%04d.exr", frames, dataWindow=window, displayWindow=shown)
    reader, images, _ = read(pattern, input_transfer="display")
    assert np.array_equal(images[0].permute(1, 2, 0).numpy(), frames[0, 4:52, 8:72].astype(np.float32))
    assert any("overscan" in warning for warning in reader.warnings)


def test_a_layer_with_red_green_and_blue_is_found_where_there_is_only_one(tmp_path):
    frame = light(1)[0]
    named = {f"beauty.{name}": np.ascontiguousarray(frame[:, :, n]) for n, name in enumerate("RGB")}
    _, images, _ = read(write_exrs(tmp_path / "s.%04d.exr", [named]), input_transfer="display")
    assert np.array_equal(images[0].permute(1, 2, 0).numpy(), frame.astype(np.float32))
    other = {f"key.{name}": np.ascontiguousarray(frame[:, :, n]) for n, name in enumerate("RGB")}
    with pytest.raises(ClipReadError, match=r"beauty\.R"):
        read(write_exrs(tmp_path / "t.%04d.exr", [{**named, **other}]))


def test_what_is_not_finite_becomes_finite_and_is_told(tmp_path):
    frame = light(1)
    frame[0, 0, 0] = (np.nan, np.inf, -np.inf)
    reader, images, _ = read(write_exrs(tmp_path / "s.%04d.exr", frame), input_transfer="display")
    assert images[0, :, 0, 0].tolist() == [0.0, 65504.0, -65504.0]
    assert any("3 samples were no finite numbers" in warning for warning in reader.warnings)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".exr"])
def test_a_change_of_size_is_refused_by_name(tmp_path, suffix):
    write = write_exrs if suffix == ".exr" else write_pictures
    make = light if suffix == ".exr" else textures
    pattern = write(tmp_path / f"s.%04d{suffix}", make(2))
    write(pattern, make(1, width=32), start=1003)
    with pytest.raises(ClipReadError, match=rf"s\.1003\{suffix} is 32x48.*64x48"):
        read(pattern)


def test_a_change_of_depth_is_refused_by_name(tmp_path):
    pattern = write_pictures(tmp_path / "s.%04d.png", textures(2))
    write_pictures(pattern, textures(1, depth=np.uint16), start=1003)
    with pytest.raises(ClipReadError, match=r"s\.1003\.png is 64x48 rgb48be"):
        read(pattern)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".exr"])
@pytest.mark.parametrize("content", [b"", b"hello, this is no picture", None])
def test_a_damaged_picture_is_refused_by_name(tmp_path, suffix, content):
    write, make = (write_exrs, light) if suffix == ".exr" else (write_pictures, textures)
    pattern = write(tmp_path / f"s.%04d{suffix}", make(3))
    path = tmp_path / f"s.1002{suffix}"
    path.write_bytes(path.read_bytes()[:700] if content is None else content)
    with pytest.raises(ClipReadError, match=r"s\.1002") as caught:
        read(pattern)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".png", ".exr"])
def test_a_picture_beyond_the_pixel_limit_is_refused(tmp_path, suffix):
    write, make = (write_exrs, light) if suffix == ".exr" else (write_pictures, textures)
    pattern = write(tmp_path / f"s.%04d{suffix}", make(1))
    with pytest.raises(ClipReadError), open_reader(pattern, DecodeConfig(max_pixels=1000)):
        pytest.fail("it was opened")


def test_without_any_rate_it_is_24_and_told(tmp_path):
    reader, *_ = read(write_pictures(tmp_path / "s.%04d.png", textures(1)))
    assert reader.info.video.average_rate == 24
    assert any("24 fps assumed" in warning for warning in reader.warnings)


def test_an_exr_says_its_own_rate_aspect_and_timecode(tmp_path):
    oiio = pytest.importorskip("OpenImageIO")
    spec = oiio.ImageSpec(8, 8, 3, "half")
    spec.attribute("FramesPerSecond", oiio.TypeRational, (24000, 1001))
    spec.attribute("PixelAspectRatio", 2.0)
    spec.attribute("smpte:TimeCode", oiio.TypeTimeCode, (0x01020304, 0))
    output = oiio.ImageOutput.create(str(tmp_path / "s.0001.exr"))
    assert output.open(str(tmp_path / "s.0001.exr"), spec)
    assert output.write_image(np.zeros((8, 8, 3), np.float32))
    output.close()
    video = read(tmp_path / "s.####.exr")[0].info.video
    assert (video.average_rate, video.sample_aspect_ratio, video.timecode) == (FILM, Fraction(2), "01:02:03:04")
    assert read(tmp_path / "s.####.exr", fps=25)[0].info.video.average_rate == 25


def test_a_setting_of_sequences_is_refused_for_a_clip(tmp_path):
    source = make_clip(tmp_path / "a.mp4", frames=1)
    with pytest.raises(ConfigError, match=r"decode\.sequence\.fps"):
        read(source, fps=24)


def test_a_colour_space_needs_a_configuration(tmp_path):
    pattern = write_pictures(tmp_path / "s.%04d.png", textures(1))
    with pytest.raises(ConfigError, match=r"ACEScg.*--ocio-config"):
        read(pattern, input_transfer="ACEScg")


def test_a_dpx_that_ffmpeg_wrote_is_read_with_every_code(tmp_path):
    random = np.random.default_rng(0)
    frame = av.VideoFrame(32, 16, "gbrp10le")
    codes = [random.integers(0, 1024, (16, 32), np.uint16) for _ in range(3)]
    for plane, values in zip(frame.planes, codes, strict=True):
        np.frombuffer(plane, np.uint16).reshape(16, -1)[:, :32] = values
    context = av.CodecContext.create("dpx", "w")
    context.width, context.height, context.pix_fmt, context.time_base = 32, 16, "gbrp10le", Fraction(1, 24)
    frame.pts = 0
    (tmp_path / "s.0001.dpx").write_bytes(b"".join(map(bytes, context.encode(frame) + context.encode(None))))
    _, images, _ = read(tmp_path / "s.####.dpx")
    green, blue, red = (torch.from_numpy(values.astype(np.float32) / 1023) for values in codes)
    assert torch.allclose(images[0], torch.stack((red, green, blue)), atol=1e-6)


def test_the_exr_maker_of_these_tests_keeps_every_bit(tmp_path):
    frames = light(1)
    found, _ = read_exr(str(write_exrs(tmp_path / "s.%04d.exr", frames)) % 1001)
    assert np.array_equal(np.stack([found[name] for name in "RGB"], axis=2), frames[0])
