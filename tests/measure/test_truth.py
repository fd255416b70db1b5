from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.measure.test_clips import batches
from tests.motion.pictures import pan
from vidstyle.errors import ConfigError
from vidstyle.measure import GroundTruth, measure_clips

HEIGHT, WIDTH, DX = 40, 56, 3


def write_flows(folder: Path, count: int, *, dx: float = -DX, width: int = WIDTH) -> Path:
    folder.mkdir()
    for number in range(1, count + 1):
        flow = np.zeros((HEIGHT, width, 2), "<f4")
        flow[..., 0] = dx
        head = np.float32(202021.25).tobytes() + np.array([width, HEIGHT], "<i4").tobytes()
        (folder / f"frame_{number:04}.flo").write_bytes(head + flow.tobytes())
    return folder


def test_a_translation_of_known_flow_is_perfectly_stable(tmp_path: Path) -> None:
    source = pan(5, HEIGHT, WIDTH, dx=DX)
    truth = measure_clips(
        batches(source), batches(1 - source), distance=2, truth=GroundTruth(write_flows(tmp_path / "flow", 4))
    ).truth
    assert truth is not None
    assert (truth.pairs, truth.masked) == (4, False)
    assert truth.source == pytest.approx(0, abs=1e-5)
    assert truth.result == pytest.approx(0, abs=1e-5)


def test_flicker_of_known_size_gives_its_root_mean_square(tmp_path: Path) -> None:
    source = pan(5, HEIGHT, WIDTH, dx=DX)
    result = source.clone()
    result[::2] += 0.1
    truth = GroundTruth(write_flows(tmp_path / "flow", 4))
    figures = measure_clips(batches(source), batches(result), distance=2, truth=truth).truth
    assert figures is not None
    inside = (WIDTH - DX) / WIDTH  # what leaves the picture counts as 0
    assert figures.result == pytest.approx(0.1 * inside**0.5, rel=1e-3)


def test_what_a_mask_hides_does_not_count(tmp_path: Path) -> None:
    source = pan(4, HEIGHT, WIDTH, dx=DX)
    result = source.clone()
    result[::2, :, :, 30:] += 0.3
    folder, masks = write_flows(tmp_path / "flow", 3), tmp_path / "masks"
    masks.mkdir()
    hidden = np.zeros((HEIGHT, WIDTH), np.uint8)
    hidden[:, 30:] = 255
    for number in range(1, 4):
        cv2.imwrite(str(masks / f"frame_{number:04}.png"), hidden)
    bare = measure_clips(batches(source), batches(result), distance=2, truth=GroundTruth(folder)).truth
    masked = measure_clips(batches(source), batches(result), distance=2, truth=GroundTruth(folder, masks)).truth
    assert bare is not None
    assert masked is not None
    assert masked.masked
    assert (bare.result or 0) > 0.1
    assert masked.result == pytest.approx(0, abs=1e-5)


def test_the_first_measured_frame_finds_its_own_flow(tmp_path: Path) -> None:
    folder = write_flows(tmp_path / "flow", 3)
    (folder / "frame_0001.flo").write_bytes(b"the flow of frame 0, which is not measured")
    source = pan(4, HEIGHT, WIDTH, dx=DX)[1:]
    figures = measure_clips(batches(source), batches(source), distance=2, truth=GroundTruth(folder), first=1).truth
    assert figures is not None
    assert figures.result == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize(
    ("count", "width", "words"), [(0, WIDTH, "no .flo"), (2, WIDTH, "for frame 2"), (4, 20, "is 20x40, the clips")]
)
def test_ground_truth_that_does_not_fit_is_refused(tmp_path: Path, count: int, width: int, words: str) -> None:
    folder = write_flows(tmp_path / "flow", count, width=width)
    source = pan(5, HEIGHT, WIDTH)
    with pytest.raises(ConfigError, match=words):
        measure_clips(batches(source), batches(source), truth=GroundTruth(folder))


def test_masks_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    folder = write_flows(tmp_path / "flow", 3)
    with pytest.raises(ConfigError, match="holds no PNG"):
        GroundTruth(folder, tmp_path)
    cv2.imwrite(str(folder / "frame_0001.png"), np.zeros((8, 8), np.uint8))
    with pytest.raises(ConfigError, match="is 8x8, the clips"):
        GroundTruth(folder).flow(0, HEIGHT, WIDTH)
    with pytest.raises(ConfigError, match="no occlusion mask"):
        GroundTruth(folder).flow(1, HEIGHT, WIDTH)


def test_flow_that_is_not_known_is_not_visible(tmp_path: Path) -> None:
    folder = write_flows(tmp_path / "flow", 1, dx=1e10)
    flow = GroundTruth(folder).flow(0, HEIGHT, WIDTH)
    assert not flow.visibility.any()
    assert torch.isfinite(flow.to_previous).all()
