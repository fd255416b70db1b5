import itertools
from pathlib import Path

import pytest
import torch

from tests.motion.pictures import pan, passing_square, texture
from vidstyle.errors import ConfigError
from vidstyle.media import ClipReader
from vidstyle.motion import Change, CutConfig, CutDetector, parse_cuts, thumbnail
from vidstyle.motion.cuts import is_blank


@pytest.fixture
def detector() -> CutDetector:
    return CutDetector()


@pytest.mark.parametrize("grain", [4, 6, 12, 24])
@pytest.mark.parametrize("seed", [1, 3, 5])
def test_two_shots_are_cut_apart(detector: CutDetector, seed: int, grain: int) -> None:
    assert detector.is_cut(texture(90, 160, seed=seed, grain=grain), texture(90, 160, seed=seed + 1, grain=grain))


def test_the_same_picture_scores_zero(detector: CutDetector) -> None:
    still = thumbnail(texture(90, 160))
    assert detector.score(still, still) == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("dx", [2, 8, 16, 32])
def test_a_pan_is_no_cut(detector: CutDetector, dx: int) -> None:
    before, now = pan(2, 180, 320, dx=dx)
    assert not detector.is_cut(before, now)


@pytest.mark.parametrize("dx", [60, 100])
def test_a_whip_pan_beyond_the_reach_of_flow_is_no_cut(detector: CutDetector, dx: int) -> None:
    before, now = pan(2, 180, 320, dx=dx)
    assert not detector.is_cut(before, now)


def test_changes_are_told_apart(detector: CutDetector) -> None:
    one, other = thumbnail(texture(90, 160) * 0.6), thumbnail(texture(90, 160, seed=1))
    brighter = thumbnail(texture(90, 160) * 0.9)
    assert detector.compare(one, one) is Change.NONE
    assert detector.compare(one, brighter) is Change.LIGHT
    assert detector.compare(one, other) is Change.SHOT


@pytest.mark.parametrize(("level", "blank"), [(0.0, True), (0.04, True), (0.5, False), (1.0, True)])
def test_only_black_and_white_are_blank(level: float, blank: bool) -> None:
    assert is_blank(thumbnail(torch.full((3, 90, 160), level))) == blank
    assert not is_blank(thumbnail(texture(90, 160)))


def test_cuts_are_read_as_frame_numbers() -> None:
    assert parse_cuts("12, 40") == (12, 40)
    assert parse_cuts("0") == (0,)


@pytest.mark.parametrize("text", ["", "-3", "12,", "12;40", "1.5", "a", "²"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="12,40"):
        parse_cuts(text)


def test_a_negative_cut_is_refused() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        CutConfig(at=(12, -1))


def test_a_passing_object_is_no_cut(detector: CutDetector) -> None:
    before, now = passing_square(2, 90, 160, side=40, step=12)
    assert not detector.is_cut(before, now)


@pytest.mark.parametrize("gain", [0.7, 0.85, 1.2])
def test_a_change_of_exposure_is_no_cut(detector: CutDetector, gain: float) -> None:
    frame = texture(90, 160) * 0.8
    assert not detector.is_cut(frame, frame * gain)


def test_grain_on_black_is_no_cut(detector: CutDetector) -> None:
    noise = torch.randn(2, 3, 90, 160, generator=torch.Generator().manual_seed(0)) * 0.008
    assert not detector.is_cut(noise[0], noise[1])


def test_black_to_a_picture_is_a_cut(detector: CutDetector) -> None:
    assert detector.is_cut(torch.zeros(3, 90, 160), texture(90, 160))


def test_nothing_is_a_cut_when_detection_is_off() -> None:
    detector = CutDetector(CutConfig(detect=False))
    assert not detector.is_cut(texture(90, 160, seed=1), texture(90, 160, seed=2))


@pytest.mark.parametrize("size", [(1, 1), (9, 40), (500, 20)])
def test_odd_shapes_are_taken(detector: CutDetector, size: tuple[int, int]) -> None:
    frame = texture(*size)
    assert not detector.is_cut(frame, frame)


def test_a_thumbnail_is_small_and_keeps_the_shape() -> None:
    assert thumbnail(texture(360, 640)).shape == (90, 160)
    assert thumbnail(texture(40, 30)).shape == (40, 30)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("clip", "cuts"),
    [
        ("adain_cutBunny.mp4", [235]),
        ("fw_1080p60.mp4", [21]),
        ("skv_bikes.mp4", [30, 76, 137, 187, 242]),
        ("sam2_01_dog.mp4", []),
        ("mdn_elf.mp4", []),
    ],
)
def test_cuts_of_real_clips_are_found(real_clips: Path, detector: CutDetector, clip: str, cuts: list[int]) -> None:
    with ClipReader(real_clips / clip) as reader:
        thumbnails = [thumbnail(image) for batch in reader.frames() for image in batch.images]
    pairs = itertools.pairwise(thumbnails)
    assert [number for number, pair in enumerate(pairs, start=1) if detector.differ(*pair)] == cuts
