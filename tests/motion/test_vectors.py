from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.motion.pictures import pan, passing_square, square_left
from tests.motion.vectors import uniform, write_exr, write_flo
from vidstyle.errors import ConfigError
from vidstyle.motion import Flow, FlowEstimator, MotionConfig, VectorConfig, build_estimator, luma, require_motion

HEIGHT, WIDTH, STEP = 96, 160, 8


def vectors(files: Path | str, **settings: object) -> MotionConfig:
    return MotionConfig(estimator="vectors", vectors=VectorConfig(files=str(files), **settings))


def square_vectors(frame: int, dx: float) -> np.ndarray:
    """The motion of everything in one frame of `passing_square`: dx within the square, 0 around."""
    found = uniform(0, 0, HEIGHT, WIDTH)
    left, top = square_left(frame, STEP), (HEIGHT - 24) // 2
    found[top : top + 24, left : left + 24, 0] = dx
    return found


def write_forward(folder: Path) -> MotionConfig:
    for frame in range(3):
        write_flo(folder / f"flow_{frame:04}.flo", square_vectors(frame, STEP))
    return vectors(folder)


def write_backward(folder: Path) -> MotionConfig:
    for frame in range(3):
        write_flo(folder / f"flow_{frame:04}.flo", square_vectors(frame, -STEP))
    return vectors(folder, direction="to-previous")


def write_both(folder: Path) -> MotionConfig:
    pytest.importorskip("OpenEXR")
    for frame in range(3):
        there = square_vectors(frame, STEP)[..., 0]
        channels = {"forward.u": there, "forward.v": 0 * there, "backward.u": -there, "backward.v": 0 * there}
        write_exr(folder / f"flow.{frame + 1001}.exr", channels)
    return vectors(folder / "flow.####.exr")


@pytest.mark.parametrize("write", [write_forward, write_backward, write_both])
@pytest.mark.parametrize("number", [1, 2])
def test_the_square_is_followed_and_what_it_uncovers_is_not_visible(
    tmp_path: Path, write: Callable[[Path], MotionConfig], number: int
) -> None:
    frames = passing_square(3, HEIGHT, WIDTH, step=STEP)
    find = build_estimator(write(tmp_path))
    flow = find(frames[number : number + 1], frames[number - 1 : number], [(number, number - 1)])
    rows, left = slice(40, 56), square_left(number, STEP)
    assert (
        flow.to_previous[0, :, rows, left : left + 24].sub(torch.tensor([-STEP, 0.0])[:, None, None]).abs().max() < 0.1
    )
    assert flow.visibility[0, 0, rows, left + 1 : left + 24].mean() > 0.95
    assert flow.visibility[0, 0, rows, left - STEP : left - 1].mean() < 0.1
    assert flow.visibility[0, 0, :, left + 26 :].mean() > 0.98


@pytest.mark.parametrize("write", [write_forward, write_backward, write_both])
def test_over_two_frames_the_steps_are_followed_one_after_the_other(
    tmp_path: Path, write: Callable[[Path], MotionConfig]
) -> None:
    frames = passing_square(3, HEIGHT, WIDTH, step=STEP)
    flow = build_estimator(write(tmp_path))(frames[2:], frames[:1], [(2, 0)])
    inside = flow.to_previous[0, 0, 40:56, square_left(2, STEP) + 1 : square_left(2, STEP) + 23]
    assert inside.median() == pytest.approx(-2 * STEP, abs=0.01)


def test_vectors_of_half_the_size_are_brought_to_the_frames(tmp_path: Path) -> None:
    frames = pan(2, HEIGHT, WIDTH, dx=4, dy=2)
    for frame in range(2):
        write_flo(tmp_path / f"{frame}.flo", uniform(2, 1, HEIGHT // 2, WIDTH // 2))
    flow = build_estimator(vectors(tmp_path, direction="to-previous"))(frames[1:], frames[:1], [(1, 0)])
    assert flow.to_previous.shape == (1, 2, HEIGHT, WIDTH)
    assert flow.to_previous[0].flatten(1).mean(1).tolist() == pytest.approx([4, 2])
    assert flow.visibility[..., 8:-8, 8:-8].min() == 1


def test_what_looks_different_is_not_trusted(tmp_path: Path) -> None:
    frames = pan(2, HEIGHT, WIDTH, dx=4)
    frames[1, :, 30:60, 50:80] = 1 - frames[1, :, 30:60, 50:80].round()
    for frame in range(2):
        write_flo(tmp_path / f"{frame}.flo", uniform(4, 0, HEIGHT, WIDTH))
    visibility = build_estimator(vectors(tmp_path, direction="to-previous"))(
        frames[1:], frames[:1], [(1, 0)]
    ).visibility
    assert visibility[..., 32:58, 52:78].mean() < 0.3
    assert visibility[..., :28, :140].min() == 1


def test_luma_and_rgb_give_the_same(tmp_path: Path) -> None:
    frames = passing_square(3, HEIGHT, WIDTH, step=STEP)
    find: FlowEstimator = build_estimator(write_forward(tmp_path))

    def both(images: torch.Tensor) -> Flow:
        return find(images[1:], images[:2], [(1, 0), (2, 1)])

    assert torch.equal(both(frames).visibility, both(luma(frames)).visibility)


def test_frames_that_nobody_numbered_are_refused(tmp_path: Path) -> None:
    frames = pan(2, HEIGHT, WIDTH)
    with pytest.raises(ConfigError, match="numbered"):
        build_estimator(write_forward(tmp_path))(frames[1:], frames[:1])


def test_an_absent_file_is_named_with_its_frame_before_anything_is_rendered(tmp_path: Path) -> None:
    config = write_forward(tmp_path)
    require_motion(config, range(4))  # forward vectors lie on the earlier frame
    with pytest.raises(ConfigError, match=r"frame 3 .*flow_0003\.flo"):
        require_motion(config, range(5))
    with pytest.raises(ConfigError, match=r"frame 3 .*flow_0003\.flo"):
        require_motion(write_backward(tmp_path), range(4))


def test_a_gap_is_found_before_anything_is_rendered_unless_a_cut_is_there(tmp_path: Path) -> None:
    config = write_backward(tmp_path)
    (tmp_path / "flow_0001.flo").unlink()
    with pytest.raises(ConfigError, match=r"frame 1 .*flow_0001\.flo"):
        require_motion(config, range(3))
    cuts = config.cuts.model_copy(update={"at": (1,)})
    require_motion(config.model_copy(update={"cuts": cuts}), range(3))


def test_the_first_number_is_the_lowest_one_or_the_users(tmp_path: Path) -> None:
    for number in (1001, 1002):
        write_flo(tmp_path / f"v.{number}.flo", uniform(0, 0))
    require_motion(vectors(tmp_path / "v.%04d.flo", direction="to-previous"), range(2))
    with pytest.raises(ConfigError, match=r"frame 1 .*v\.1001\.flo|frame 1 .*v\.1000\.flo"):
        require_motion(vectors(tmp_path / "v.%04d.flo", direction="to-previous", first=999), range(2))


@pytest.mark.parametrize(
    ("files", "message"),
    [("", "needs to know where"), ("absent", "no pattern"), ("absent.%04d.flo", "no motion vectors like")],
)
def test_files_that_are_not_there_are_told_at_once(tmp_path: Path, files: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_estimator(vectors(tmp_path / files if files else ""))


def test_a_folder_with_two_sequences_is_ambiguous(tmp_path: Path) -> None:
    write_flo(tmp_path / "a.1.flo", uniform(0, 0))
    write_flo(tmp_path / "b.1.flo", uniform(0, 0))
    with pytest.raises(ConfigError, match=r"a\.#\.flo, b\.#\.flo"):
        build_estimator(vectors(tmp_path))
