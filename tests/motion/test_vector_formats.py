import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.motion.vectors import uniform, write_exr, write_flo, write_kitti
from vidstyle.errors import ConfigError, PluginError
from vidstyle.motion import VectorConfig
from vidstyle.motion.vector_formats import read_field, read_flo, read_kitti

RAMP = np.stack(np.meshgrid(np.arange(7), np.arange(5)), axis=2).astype(np.float32) - 2.5


def test_flo_is_read_in_its_order(tmp_path: Path) -> None:
    assert np.array_equal(read_flo(write_flo(tmp_path / "a.flo", RAMP)), RAMP)


def test_what_a_flo_file_does_not_know_is_nan(tmp_path: Path) -> None:
    vectors = RAMP.copy()
    vectors[2, 3] = 1e10, 0
    read = read_flo(write_flo(tmp_path / "a.flo", vectors))
    assert np.isnan(read[2, 3]).all()
    assert np.isfinite(read).sum() == read.size - 2


@pytest.mark.parametrize("keep", [0, 3, 11, 12, 100])
def test_a_flo_file_cut_short_is_refused_with_its_name(tmp_path: Path, keep: int) -> None:
    path = write_flo(tmp_path / "short.flo", RAMP)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ConfigError, match=r"short\.flo"):
        read_flo(path)


def test_kitti_is_read_to_a_64th_of_a_pixel_and_where_invalid_it_is_nan(tmp_path: Path) -> None:
    valid = RAMP[..., 0] > 0
    read = read_kitti(write_kitti(tmp_path / "a.png", RAMP / 8, valid))
    assert np.abs(read[valid] - RAMP[valid] / 8).max() <= 1 / 128
    assert np.isnan(read[~valid]).all()


def test_an_ordinary_png_is_no_kitti_file(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(ConfigError, match="16 bits"):
        read_kitti(tmp_path / "a.png")


def test_the_direction_of_plain_vectors_is_the_users_to_say(tmp_path: Path) -> None:
    path = write_flo(tmp_path / "a.flo", RAMP)
    forward = read_field(path, VectorConfig())
    assert forward.to_previous is None
    assert np.array_equal(forward.to_next, RAMP)
    backward = read_field(path, VectorConfig(direction="to-previous", y="up", unit="frame"))
    assert backward.to_next is None
    assert np.allclose(backward.to_previous, RAMP * (7, -5))


def test_blenders_vector_pass_points_to_the_previous_frame_and_away_from_the_next(tmp_path: Path) -> None:
    """A thing that moves 2 px right and 3 px up a frame: Cycles writes earlier - now and now - later, y up."""
    pytest.importorskip("OpenEXR")
    one = np.ones((4, 6), np.float32)
    names = ("X", "Y", "Z", "W")
    planes = {f"ViewLayer.Vector.{name}": one * value for name, value in zip(names, (-2, -3, -2, -3), strict=True)}
    field = read_field(write_exr(tmp_path / "a.exr", planes | {"ViewLayer.Combined.R": one}), VectorConfig())
    assert np.array_equal(field.to_previous, uniform(-2, 3, 4, 6))  # it came from the left and from below
    assert np.array_equal(field.to_next, uniform(2, -3, 4, 6))


def test_nukes_vectors_are_offsets_both_ways_with_y_up(tmp_path: Path) -> None:
    pytest.importorskip("OpenEXR")
    one = np.ones((4, 6), np.float32)
    planes = {"forward.u": 2 * one, "forward.v": 3 * one, "backward.u": -2 * one, "backward.v": -3 * one}
    field = read_field(write_exr(tmp_path / "a.exr", planes), VectorConfig())
    assert np.array_equal(field.to_previous, uniform(-2, 3, 4, 6))
    assert np.array_equal(field.to_next, uniform(2, -3, 4, 6))


def test_nuke_with_one_direction_gives_that_one(tmp_path: Path) -> None:
    pytest.importorskip("OpenEXR")
    one = np.ones((4, 6), np.float32)
    field = read_field(write_exr(tmp_path / "a.exr", {"forward.u": one, "forward.v": one}), VectorConfig())
    assert field.to_previous is None
    assert np.array_equal(field.to_next, uniform(1, -1, 4, 6))


def test_bare_letters_are_vectors_only_where_the_user_says_so(tmp_path: Path) -> None:
    pytest.importorskip("OpenEXR")
    one = np.ones((4, 6), np.float32)
    path = write_exr(tmp_path / "a.exr", {"R": one, "G": 2 * one, "B": one, "A": one})
    with pytest.raises(ConfigError, match=r"A, B, G, R"):
        read_field(path, VectorConfig())
    assert np.array_equal(read_field(path, VectorConfig(convention="blender")).to_previous, uniform(1, -2, 4, 6))


def test_two_layers_are_ambiguous_until_one_is_named(tmp_path: Path) -> None:
    pytest.importorskip("OpenEXR")
    one = np.ones((4, 6), np.float32)
    planes = {f"{layer}.Vector.{name}": one for layer in ("Fore", "Back") for name in "XYZW"}
    path = write_exr(tmp_path / "a.exr", planes)
    with pytest.raises(ConfigError, match=r"motion\.vectors\.layer"):
        read_field(path, VectorConfig())
    assert read_field(path, VectorConfig(layer="Fore")).to_previous is not None


def test_channels_of_any_name_are_plain(tmp_path: Path) -> None:
    pytest.importorskip("OpenEXR")
    one = np.ones((4, 6), np.float32)
    path = write_exr(tmp_path / "a.exr", {"mv.x": one, "mv.y": 2 * one})
    settings = VectorConfig(channels=("mv.x", "mv.y"), direction="to-previous")
    assert np.array_equal(read_field(path, settings).to_previous, uniform(1, 2, 4, 6))
    with pytest.raises(ConfigError, match=r"mv\.z.*mv\.x, mv\.y"):
        read_field(path, VectorConfig(channels=("mv.x", "mv.z")))


def test_a_data_window_lies_where_it_lies_in_the_display_window(tmp_path: Path) -> None:
    pytest.importorskip("OpenEXR")
    windows = {
        "displayWindow": (np.array([0, 0], np.int32), np.array([9, 7], np.int32)),
        "dataWindow": (np.array([-1, 2], np.int32), np.array([3, 8], np.int32)),
    }
    ramp = np.arange(35, dtype=np.float32).reshape(7, 5)
    path = write_exr(tmp_path / "a.exr", {"forward.u": ramp, "forward.v": ramp}, **windows)
    read = read_field(path, VectorConfig()).to_next
    assert read is not None
    assert read.shape == (8, 10, 2)
    assert np.array_equal(read[2:, :4, 0], ramp[:6, 1:])
    assert np.isnan(read[:2]).all()
    assert np.isnan(read[:, 4:]).all()


def test_a_damaged_exr_file_is_refused_with_its_name(tmp_path: Path) -> None:
    pytest.importorskip("OpenEXR")
    (tmp_path / "torn.exr").write_bytes(b"\x76\x2f\x31\x01torn")
    with pytest.raises(ConfigError, match=r"torn\.exr"):
        read_field(tmp_path / "torn.exr", VectorConfig())


def test_without_openexr_the_way_to_get_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "OpenEXR", None)
    (tmp_path / "a.exr").write_bytes(b"")
    with pytest.raises(PluginError, match=r"pip install 'vidstyle\[exr\]'"):
        read_field(tmp_path / "a.exr", VectorConfig())
