"""Numbered pictures are written whole or not at all, under the numbers that the source has, with every code."""

import errno
from fractions import Fraction

import av
import numpy as np
import pytest
import torch

from tests.clips import make_clip
from tests.media.evidence import planes
from tests.media.test_scene import CONFIG
from tests.sequences import (
    FILM,
    copy,
    light,
    names,
    read_exr,
    read_picture,
    textures,
    write_exrs,
    write_pictures,
)
from vidstyle.errors import ClipWriteError, ConfigError, TargetError, VidstyleError
from vidstyle.frames import FrameBatch, Span
from vidstyle.media import StreamInfo, probe
from vidstyle.media.kinds import open_reader, open_writer


@pytest.fixture
def out(tmp_path):
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.mark.parametrize(("suffix", "depth"), [(".png", np.uint8), (".png", np.uint16), (".tif", np.uint16)])
def test_every_code_comes_back_under_its_own_number(tmp_path, out, suffix, depth):
    frames = textures(depth=depth)
    source = write_pictures(tmp_path / f"s.%04d{suffix}", frames, start=998)
    _, writer, tally = copy(source, out / f"t.####{suffix}", decode={"fps": 24})
    assert names(out) == [f"t.0998{suffix}", f"t.0999{suffix}", f"t.1000{suffix}"]
    for number, frame in enumerate(frames, start=998):
        found = read_picture(out / f"t.{number:04}{suffix}")
        assert found.dtype == depth
        assert np.array_equal(found, frame)
    assert (tally.frames, writer.encoder, writer.warnings) == (3, suffix[1:], [])


def test_eight_bits_go_into_the_deeper_dpx_and_tiff_without_loss(tmp_path, out):
    frames = textures()
    source = write_pictures(tmp_path / "s.%04d.png", frames)
    for suffix, pix_fmt in ((".dpx", "gbrp10le"), (".tif", "rgb48le")):
        _, writer, _ = copy(source, out / f"t.%04d{suffix}", decode={"fps": 24})
        with open_reader(out / f"t.%04d{suffix}") as reader:
            assert reader.info.video.pix_fmt == pix_fmt
            images = torch.cat([batch.images for batch in reader.frames()])
        assert np.array_equal((images * 255).round().permute(0, 2, 3, 1).numpy().astype(np.uint8), frames)
        assert writer.warnings == []


def test_ten_bits_of_dpx_come_back_with_every_code(tmp_path, out):
    source = make_clip(tmp_path / "a.mkv", codec="ffv1", pix_fmt="gbrp10le", frames=2, audio=(), matrix=0)
    copy(source, out / "t.####.dpx")
    copy(out / "t.####.dpx", out / "u.####.dpx")
    for number in (1001, 1002):
        assert (out / f"t.{number}.dpx").read_bytes() == (out / f"u.{number}.dpx").read_bytes()
    copy(out / "u.####.dpx", tmp_path / "b.mkv", encoder="ffv1")
    for before, after in zip(planes(source), planes(tmp_path / "b.mkv"), strict=True):
        assert all(map(np.array_equal, before, after))


@pytest.mark.parametrize("peak", [1.0, 16.0])
def test_every_half_float_of_an_exr_comes_back(tmp_path, out, peak):
    frames = light()
    source = write_exrs(tmp_path / "s.%04d.exr", frames)
    copy(source, out / "t.1001-1003.exr", decode={"fps": 24, "peak": peak})
    for number, frame in enumerate(frames, start=1001):
        channels, _ = read_exr(out / f"t.{number}.exr")
        assert all(channels[name].dtype == np.float16 for name in "RGB")
        assert np.array_equal(
            np.stack([channels[name] for name in "RGB"], axis=2).view(np.uint16), frame.view(np.uint16)
        )


def test_what_lies_beside_colour_in_an_exr_stays_untouched(tmp_path, out):
    frame = light(1)[0]
    random = np.random.default_rng(5)
    channels = {name: np.ascontiguousarray(frame[:, :, n]) for n, name in enumerate("RGB")}
    channels |= {"A": random.random((48, 64)).astype(np.float16), "depth.Z": random.random((48, 64)).astype(np.float32)}
    chromaticities = (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)
    source = write_exrs(tmp_path / "s.%04d.exr", [channels], shotName="sc010", chromaticities=chromaticities)
    copy(source, out / "t.####.exr", decode={"fps": "23.976"})
    found, header = read_exr(out / "t.1001.exr")
    assert sorted(found) == ["A", "B", "G", "R", "depth.Z"]
    for name, plane in channels.items():
        assert found[name].dtype == plane.dtype
        assert np.array_equal(found[name], plane)
    assert header["shotName"] == "sc010"
    assert np.allclose(header["chromaticities"], chromaticities)
    assert "framesPerSecond" in header
    with open_reader(out / "t.####.exr") as reader:
        assert reader.info.video.average_rate == FILM


def test_floats_of_32_bits_stay_so_and_half_is_there_to_be_asked_for(tmp_path, out):
    frames = light(1, depth=np.float32)
    source = write_exrs(tmp_path / "s.%04d.exr", frames)
    copy(source, out / "t.####.exr", decode={"fps": 24})
    channels, _ = read_exr(out / "t.1001.exr")
    found = np.stack([channels[name] for name in "RGB"], axis=2)
    assert found.dtype == np.float32
    assert np.allclose(found, frames[0], rtol=1e-5, atol=1e-9)
    _, writer, _ = copy(source, out / "u.####.exr", decode={"fps": 24}, pixel_format="gbrpf16le")
    assert read_exr(out / "u.1001.exr")[0]["R"].dtype == np.float16
    assert any("half" in warning for warning in writer.warnings)


def test_an_exr_becomes_pictures_and_clips_as_a_screen_shows_it(tmp_path, out):
    gray = np.full((48, 64, 3), 0.18, np.float16)
    source = write_exrs(tmp_path / "s.%04d.exr", [gray, gray])
    copy(source, out / "t.%04d.png", decode={"fps": 24})
    assert np.abs(read_picture(out / "t.1001.png").astype(float) / 65535 - 0.4614).max() < 1e-3
    copy(source, out / "b.mp4", decode={"fps": 24}, preset="review")
    video = probe(out / "b.mp4").video
    assert (video.tags.transfer, video.frames, video.average_rate) == ("iec61966-2-1", 2, 24)


def test_a_clip_becomes_a_linear_exr_and_says_by_which_curve(tmp_path, out):
    source = make_clip(tmp_path / "a.mkv", codec="ffv1", pix_fmt="gbrp10le", frames=2, matrix=0, audio=())
    _, writer, _ = copy(source, out / "t.####.exr")
    channels, _ = read_exr(out / "t.1001.exr")
    code = next(planes(source))[1] / 1023  # FFmpeg has green first
    expected = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    assert np.allclose(channels["B"], expected, rtol=1e-3, atol=1e-4)
    assert any("sRGB's curve" in warning for warning in writer.warnings)


@pytest.mark.parametrize(
    ("transfer", "codes"),
    [
        (16, {723: 1000 / 203, 509: 100 / 203, 573: 1.0, 940: 10_000 / 203, 64: 0.0}),  # cd/m², BT.2408-7, table 1
        (18, {721: 1.0, 940: 1 / 0.26496, 502: 1 / 12 / 0.26496, 64: 0.0}),
    ],
)
def test_pq_and_hlg_become_light_by_their_own_formulas(tmp_path, out, transfer, codes):
    path = tmp_path / "h.mkv"
    tags = {"transfer": transfer, "matrix": 9, "primaries": 9, "full_range": False}
    make_clip(path, codec="ffv1", pix_fmt="yuv444p10le", frames=1, audio=(), width=64, height=48, **tags)
    with open_reader(path) as reader, open_writer(out / "t.####.exr", like=reader.info) as writer:
        gray = torch.tensor([(code - 64) / 876 for code in codes] * 8)
        images = gray[None, None, None, :].expand(1, 3, 48, -1)
        images = torch.nn.functional.pad(images, (0, 64 - images.shape[3]))
        writer.write([FrameBatch(images.contiguous(), (0,), reader.info.video.time_base)], reader.packets())
    channels, header = read_exr(out / "t.1001.exr")
    for place, light_of_code in enumerate(codes.values()):
        assert channels["G"][0, place] == pytest.approx(light_of_code, rel=0.012, abs=1e-6)  # half a code of PQ
    assert np.allclose(header["chromaticities"], (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290))
    assert sum("BT.2100's formula" in warning for warning in writer.warnings) == 1


def test_a_ten_bit_clip_is_not_silently_8_bit(tmp_path, out):
    source = make_clip(tmp_path / "a.mkv", codec="ffv1", pix_fmt="yuv422p10le", frames=1, audio=())
    _, writer, _ = copy(source, out / "t.%04d.png")
    assert read_picture(out / "t.1001.png").dtype == np.uint16
    assert not any("depth" in warning for warning in writer.warnings)
    _, writer, _ = copy(source, out / "u.%04d.png", pixel_format="rgb24")
    assert read_picture(out / "u.1001.png").dtype == np.uint8
    assert any("depth is lost" in warning for warning in writer.warnings)


def test_pictures_show_what_the_clip_showed(tmp_path, out):
    source = make_clip(tmp_path / "a.mp4", frames=1, matrix=1, audio=(), rotation=90, options={"crf": "1"})
    copy(source, out / "t.%04d.png")
    with av.open(str(source)) as container:
        frame = next(container.decode(video=0))
    expected = np.rot90(frame.to_ndarray(format="rgb24", src_colorspace=1, dst_color_range=2), frame.rotation // 90)
    found = read_picture(out / "t.1001.png")
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).mean() < 3


@pytest.mark.parametrize(
    ("name", "span", "settings", "expected"),
    [
        ("t.####.png", None, {}, (1001, 1006)),
        ("t.####.png", Span(2, 4), {}, (1003, 1005)),
        ("t.####.png", Span(2, 4), {"start_number": 7}, (7, 9)),
        ("t.0100-0101.png", Span(2, 4), {}, (100, 102)),
    ],
)
def test_a_clips_frames_are_numbered_from_1001_or_as_asked(tmp_path, out, name, span, settings, expected):
    source = make_clip(tmp_path / "a.mp4", frames=5)
    _, writer, _ = copy(source, out / name, span=span, **settings)
    assert names(out) == [f"t.{number:04}.png" for number in range(*expected)]
    assert any("audio #1" in warning and "no sound" in warning for warning in writer.warnings)


def test_one_picture_needs_no_number(tmp_path, out):
    source = write_pictures(tmp_path / "s.%04d.png", textures(1))
    copy(tmp_path / "s.1001.png", out / "t.png", decode={"fps": 24})
    assert names(out) == ["t.png"]
    assert np.array_equal(read_picture(out / "t.png"), textures(1)[0])
    write_pictures(source, textures(2))
    with pytest.raises(TargetError, match=r"2 frames are to be written; write t\.####\.png"):
        copy(source, out / "t.png", decode={"fps": 24}, overwrite=True)


def test_times_that_pictures_cannot_hold_are_told(tmp_path, out):
    source = make_clip(tmp_path / "a.mp4", pts=(0, 512, 2000), frames=3, audio=())
    _, writer, _ = copy(source, out / "t.####.png")
    assert any("unequal times" in warning for warning in writer.warnings)


def test_a_pixels_aspect_ratio_is_kept(tmp_path, out):
    source = make_clip(tmp_path / "a.mp4", frames=1, sample_aspect_ratio=Fraction(16, 11), audio=())
    for suffix in (".png", ".dpx", ".tif", ".exr"):
        copy(source, out / f"t.####{suffix}")
        with open_reader(out / f"t.####{suffix}") as reader:
            assert reader.info.video.sample_aspect_ratio == pytest.approx(Fraction(16, 11), rel=1e-4)


def test_existing_pictures_are_refused_before_anything_is_rendered_and_stay(tmp_path, out):
    source = write_pictures(tmp_path / "s.%04d.png", textures(3))
    (out / "t.1002.png").write_text("precious")

    def frames(reader):
        pytest.fail("a frame was asked for")
        yield

    with open_reader(source) as reader, pytest.raises(TargetError, match=r"t\.1002\.png exists already") as caught:  # noqa: SIM117
        with open_writer(out / "t.####.png", like=reader.info) as writer:
            writer.write(frames(reader), reader.packets())
    assert caught.value.exit_code == 73
    assert names(out) == ["t.1002.png"]
    assert (out / "t.1002.png").read_text() == "precious"


def test_existing_pictures_are_replaced_on_request_and_others_named(tmp_path, out):
    source = write_pictures(tmp_path / "s.%04d.png", textures(2))
    for number in (1002, 1009):
        (out / f"t.{number}.png").write_text("old")
    _, writer, _ = copy(source, out / "t.####.png", decode={"fps": 24}, overwrite=True)
    assert np.array_equal(read_picture(out / "t.1002.png"), textures(2)[1])
    assert (out / "t.1009.png").read_text() == "old"
    assert any("1 other pictures" in warning for warning in writer.warnings)


def test_pictures_beside_a_span_are_no_hindrance(tmp_path, out):
    source = write_pictures(tmp_path / "s.%04d.png", textures(4))
    copy(source, out / "t.####.png", span=Span(0, 2), decode={"fps": 24})
    copy(source, out / "t.####.png", span=Span(2, None), decode={"fps": 24})
    assert names(out) == [f"t.{number}.png" for number in range(1001, 1005)]


def test_the_source_is_never_overwritten(tmp_path):
    source = write_pictures(tmp_path / "s.%04d.png", textures(2))
    before = (tmp_path / "s.1001.png").read_bytes()
    for name in ("s.%04d.png", "s.####.png", "s.1001-1002.png"):
        with pytest.raises(TargetError, match="source itself"):
            copy(source, tmp_path / name, decode={"fps": 24}, overwrite=True)
    assert (tmp_path / "s.1001.png").read_bytes() == before
    assert names(tmp_path) == ["s.1001.png", "s.1002.png"]


@pytest.mark.parametrize("fails", ["the source", "the disk", "the move"])
def test_a_failure_leaves_nothing_behind(tmp_path, out, monkeypatch, fails):
    source = write_pictures(tmp_path / "s.%04d.png", textures(4))
    if fails == "the source":
        (tmp_path / "s.1004.png").write_bytes(b"broken")
    if fails == "the disk":
        full = OSError(errno.ENOSPC, "No space left on device")
        monkeypatch.setattr("pathlib.Path.write_bytes", lambda self, content: (_ for _ in ()).throw(full))
    if fails == "the move":
        (out / "t.1003.png").mkdir()  # what a file can't replace
    with pytest.raises(VidstyleError) as caught:
        copy(source, out / "t.####.png", decode={"fps": 24}, overwrite=True)
    assert names(out) == (["t.1003.png"] if fails == "the move" else [])
    assert fails != "the disk" or isinstance(caught.value, ClipWriteError)


def test_nothing_stands_there_before_the_end(tmp_path, out):
    source = write_pictures(tmp_path / "s.%04d.png", textures(3))
    with open_reader(source) as reader, open_writer(out / "t.####.png", like=reader.info) as writer:
        for seen in (writer.write(reader.frames(), reader.packets()), None):
            assert seen is None or seen.frames == 3
            assert [name for name in names(out) if not name.startswith(".")] == []
    assert len(names(out)) == 3


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("t.####.png", {"preset": "review"}, r"encode\.preset is for clips"),
        ("t.####.png", {"quality": 3}, r"encode\.quality is for clips"),
        ("t.####.png", {"encoder": "x264"}, "needs no encoder"),
        ("t.####.png", {"pixel_format": "yuv420p"}, "they take rgb24, rgb48be"),
        ("t.####.exr", {"pixel_format": "rgb48be"}, "EXR pictures are"),
        ("t.####.exr", {"options": {"crf": "1"}}, "no option crf"),
        ("t.####.exr", {"options": {"compression": "best"}}, "no compression 'best'; it has none, rle"),
        ("t.####.png", {"options": {"crf": "1"}}, "no option crf"),
        ("t.0001-0003.png", {"start_number": 4}, "leave --start-number out"),
    ],
)
def test_settings_that_do_not_fit_are_refused(tmp_path, out, name, settings, told):
    source = write_pictures(tmp_path / "s.%04d.png", textures(3))
    with pytest.raises(ConfigError, match=told):
        copy(source, out / name, decode={"fps": 24}, **settings)
    assert names(out) == []


@pytest.mark.parametrize("name", ["t.####.jpg", "nowhere/t.####.png", "t.0001-0002.png"])
def test_targets_that_cannot_be_are_refused(tmp_path, out, name):
    source = write_pictures(tmp_path / "s.%04d.png", textures(3))
    with pytest.raises(TargetError):
        copy(source, out / name, decode={"fps": 24})
    assert names(out) == []


def test_options_of_the_codec_reach_it(tmp_path, out):
    source = write_pictures(tmp_path / "s.%04d.png", textures(1))
    for level in ("0", "9"):
        copy(source, out / f"{level}.####.png", decode={"fps": 24}, options={"compression_level": level})
    assert (out / "9.1001.png").stat().st_size < (out / "0.1001.png").stat().st_size
    exrs = write_exrs(tmp_path / "s.%04d.exr", np.zeros((1, 48, 64, 3), np.float16))
    copy(exrs, out / "t.####.exr", decode={"fps": 24}, options={"compression": "piz"})
    assert "PIZ" in str(read_exr(out / "t.1001.exr")[1]["compression"])


def test_a_start_number_is_refused_for_a_clip(tmp_path):
    source = make_clip(tmp_path / "a.mp4", frames=1)
    with pytest.raises(ConfigError, match="--start-number"):
        copy(source, tmp_path / "b.mp4", start_number=1)


def test_the_frame_hash_is_of_the_codes_and_not_of_the_threads(tmp_path, out):
    source = write_pictures(tmp_path / "s.%04d.png", textures(5))
    hashes = {
        copy(source, out / f"{threads}.####.png", decode={"fps": 24}, threads=threads)[2].frame_hash
        for threads in (1, 3)
    }
    assert len(hashes) == 1
    changed = textures(5)
    changed[4, 0, 0, 0] ^= 1
    write_pictures(source, changed)
    assert copy(source, out / "u.####.png", decode={"fps": 24})[2].frame_hash not in hashes


def test_linear_pictures_of_integers_are_written_linear_again(tmp_path, out):
    frames = textures(depth=np.uint16)
    source = write_pictures(tmp_path / "s.%04d.tif", frames)
    copy(source, out / "t.####.tif", decode={"fps": 24, "input_transfer": "linear"})
    for number, frame in enumerate(frames, start=1001):
        assert np.array_equal(read_picture(out / f"t.{number}.tif"), frame)


def test_a_colour_space_of_opencolorio_leads_there_and_back(tmp_path, out):
    pytest.importorskip("PyOpenColorIO")
    (tmp_path / "c.ocio").write_text(CONFIG)
    frames = np.abs(light(1))
    source = write_exrs(tmp_path / "s.%04d.exr", frames)
    copy(source, out / "t.####.exr", decode={"fps": 24, "ocio_config": str(tmp_path / "c.ocio")})
    channels, _ = read_exr(out / "t.1001.exr")
    assert np.allclose(np.stack([channels[name] for name in "RGB"], axis=2), frames[0], rtol=2e-3, atol=1e-6)


def test_each_exr_keeps_its_own_timecode(tmp_path, out):
    oiio = pytest.importorskip("OpenImageIO")
    for number in (1, 2):
        spec = oiio.ImageSpec(8, 8, 3, "half")
        spec.attribute("smpte:TimeCode", oiio.TypeTimeCode, (0x01020300 + number, 0))
        output = oiio.ImageOutput.create(str(tmp_path / f"s.000{number}.exr"))
        assert output.open(str(tmp_path / f"s.000{number}.exr"), spec)
        assert output.write_image(np.zeros((8, 8, 3), np.float32))
        output.close()
    _, writer, _ = copy(tmp_path / "s.####.exr", out / "t.####.exr", decode={"fps": 24})
    for number in (1, 2):
        found = oiio.ImageBuf(str(out / f"t.000{number}.exr")).spec().get_string_attribute("smpte:TimeCode")
        assert found == f"01:02:03:0{number}"
    assert writer.warnings == []


@pytest.mark.parametrize(
    ("rate", "labels"),
    [
        (Fraction(25), ("01:00:00:23", "01:00:00:24", "01:00:01:00")),
        (Fraction(30000, 1001), ("00:00:59;28", "00:00:59;29", "00:01:00;02")),
        (Fraction(50), ("10:00:00:48", "10:00:00:49", "10:00:01:00")),
        (Fraction(60000, 1001), ("00:00:59;58", "00:00:59;59", "00:01:00;04")),
    ],
)
@pytest.mark.parametrize("suffix", [".dpx", ".exr"])
def test_a_clips_timecode_goes_into_every_picture_and_back_into_a_clip(tmp_path, out, suffix, rate, labels):
    clock = {"rate": rate, "time_base": 1 / rate}
    source = make_clip(tmp_path / "a.mov", frames=3, timecode=labels[0], audio=(), width=64, height=48, **clock)
    _, writer, _ = copy(source, out / f"t.####{suffix}")
    assert not any("timecode" in warning for warning in writer.warnings)
    for number, label in enumerate(labels, start=1001):
        with open_reader(out / f"t.{number}{suffix}") as reader:
            assert (reader.info.video.timecode, reader.info.video.average_rate) == (label, rate)
    copy(out / f"t.####{suffix}", tmp_path / "b.mov")
    assert probe(tmp_path / "b.mov").video.timecode == labels[0]
    copy(out / f"t.####{suffix}", tmp_path / "u.####.dpx")
    with open_reader(tmp_path / "u.1003.dpx") as reader:
        assert reader.info.video.timecode == labels[2]


def test_other_programs_read_the_header_of_a_dpx(tmp_path, out):
    oiio = pytest.importorskip("OpenImageIO")
    source = make_clip(tmp_path / "a.mov", frames=2, timecode="01:02:03:04", audio=(), width=64, height=48)
    copy(source, out / "t.####.dpx")
    buffer = oiio.ImageBuf(str(out / "t.1002.dpx"))
    spec = buffer.spec()
    assert spec.get_string_attribute("smpte:TimeCode") == "01:02:03:05"
    assert spec.get_float_attribute("dpx:FrameRate") == spec.get_float_attribute("dpx:TemporalFrameRate") == 25
    assert buffer.read(0, 0, True)
    with av.open(str(out / "t.1002.dpx"), format="dpx_pipe") as container:
        (frame,) = container.decode(video=0)
    assert frame.metadata["timecode"] == "01:02:03:05"


def test_what_else_a_clip_holds_is_named_where_pictures_cannot_hold_it(tmp_path, out):
    source = make_clip(tmp_path / "a.mp4", frames=1, timecode="01:00:00:00")
    with open_reader(source) as reader:
        other = StreamInfo(index=7, kind="subtitle", codec="mov_text")
        like = reader.info.model_copy(update={"others": (*reader.info.others, other)})
        with open_writer(out / "t.####.png", like=like) as writer:
            writer.write(reader.frames(), reader.packets())
    for told in ("audio #1: aac", "subtitle #7: mov_text", "timecode 01:00:00:00"):
        assert sum(told in warning for warning in writer.warnings) == 1
    assert not any(warning.startswith("data #") for warning in writer.warnings)
