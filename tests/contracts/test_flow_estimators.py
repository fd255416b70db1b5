"""What every registered flow estimator must do."""

from pathlib import Path

import pytest
import torch

from tests.motion.pictures import pan, passing_square, square_left, texture
from vidstyle.motion import FLOW_ESTIMATORS, FlowEstimator, MotionConfig, build_estimator, luma

# Those that look at pictures; what `vectors` gives is in its files, see tests/motion/test_vectors.py.
pytestmark = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name.startswith("raft") else ())
        for name in FLOW_ESTIMATORS.names()
        if name != "vectors"
    ],
)

RAFT = Path(__file__).resolve().parents[3] / "shared" / "weights" / "raft"


def estimator(name: str, scale: float = 1.0) -> FlowEstimator:
    weights = RAFT / f"{name}.pth" if name.startswith("raft") else None
    if weights is not None and not weights.is_file():
        pytest.skip(f"real material absent: no weights of {name} in 'shared' beside the checkout")
    return build_estimator(
        MotionConfig(estimator=name, scale=scale, weights=None if weights is None else str(weights), updates=8)
    )


@pytest.mark.parametrize(("dx", "dy"), [(2, 0), (-3, 0), (0, 4), (3, 2)])
@pytest.mark.parametrize("scale", [0.5, 1.0])
def test_the_flow_points_from_the_current_frame_to_the_previous_one(name: str, dx: int, dy: int, scale: float) -> None:
    before, now = pan(2, 97, 131, dx=abs(dx), dy=dy)
    if dx < 0:
        before, now = before.flip(-1), now.flip(-1)
    flow = estimator(name, scale)(now[None], before[None])
    median = flow.to_previous[0].flatten(1).median(dim=1).values
    assert median.tolist() == pytest.approx([dx, dy], abs=0.3 if name.startswith("raft") else 0.15)


def test_a_still_picture_does_not_move_and_is_wholly_visible(name: str) -> None:
    frame = texture(64, 80)[None]
    flow = estimator(name)(frame, frame)
    if name.startswith("raft"):  # knows motion to about a tenth of a pixel, standing still included
        assert flow.to_previous.abs().max() < 0.2
        assert flow.visibility.mean() > 0.9
    else:
        assert flow.to_previous.abs().max() < 0.05
        assert flow.visibility.min() == 1


def test_what_a_passing_square_uncovers_is_not_visible(name: str) -> None:
    before, now = passing_square(2, 112, 192, step=8)
    visibility = estimator(name)(now[None], before[None]).visibility[0, 0]
    rows, left = slice(48, 64), square_left(1, 8)
    slack = 0.1 if name == "farneback" else 0.0  # it averages over a window, across the square's edge
    assert visibility[rows, left - 8 : left].mean() < 0.2 + slack
    assert visibility[rows, left + 8 : left + 16].mean() > 0.9 - slack
    assert visibility[:, left + 36 :].mean() > 0.9


def test_what_enters_at_the_border_is_not_visible(name: str) -> None:
    before, now = pan(2, 80, 120, dx=6)
    visibility = estimator(name)(now[None], before[None]).visibility[0, 0]
    assert visibility[:, -4:].mean() < 0.2
    assert visibility[20:-20, 20:-20].mean() > 0.95


def test_each_pair_is_estimated_by_itself(name: str) -> None:
    frames = torch.cat((pan(3, 60, 96), passing_square(2, 60, 96)))
    find = estimator(name)
    together = find(frames[1:], frames[:-1])
    again = estimator(name)
    for i in range(len(frames) - 1):
        alone = again(frames[i + 1 : i + 2], frames[i : i + 1])
        assert torch.equal(alone.to_previous, together.to_previous[i : i + 1])
        assert torch.equal(alone.visibility, together.visibility[i : i + 1])


def test_rgb_and_what_it_reads_give_the_same(name: str) -> None:
    before, now = pan(2, 60, 80)
    find = estimator(name)
    if find.reads == "luma":
        by_luma = find(luma(now[None]), luma(before[None]))
        assert torch.equal(find(now[None], before[None]).to_previous, by_luma.to_previous)
    assert find(now[None], before[None]).to_previous.shape == (1, 2, 60, 80)


@pytest.mark.parametrize("size", [(8, 8), (17, 33), (2, 90), (47, 16)])
def test_odd_and_tiny_sizes_are_taken(name: str, size: tuple[int, int]) -> None:
    frame = texture(*size)[None]
    flow = estimator(name, 0.5)(frame, frame)
    assert flow.to_previous.shape == (1, 2, *size)
    assert flow.to_previous.isfinite().all()


def test_super_whites_and_super_blacks_do_no_harm(name: str) -> None:
    before, now = pan(2, 60, 80)
    flow = estimator(name)(now[None] * 1.4 - 0.2, before[None] * 1.4 - 0.2)
    assert flow.to_previous[0, 0].median() == pytest.approx(2, abs=0.2)
