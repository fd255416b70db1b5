"""Estimators against ground truth; the table is printed by tests/benchmarks/accuracy.py."""

from pathlib import Path

import pytest

from tests.benchmarks.accuracy import RAFT, Pair, accuracy, estimate, layers, pairs
from vidstyle.motion import MotionConfig, build_estimator


def real(shared: Path, name: str) -> Pair:
    found = [pair for pair in pairs() if pair.name == name]
    if not found:
        pytest.skip(f"real material absent: no pair {name} in 'shared/flow'")
    return found[0]


def error(pair: Pair, **settings: object) -> float:
    return accuracy(pair, estimate(pair, build_estimator(MotionConfig.model_validate(settings)))[0]).error


@pytest.mark.parametrize("scale", [1.0, 0.5])
@pytest.mark.parametrize(
    ("preset", "bound", "precise"),
    [("ultrafast", 0.6, 0.25), ("fast", 0.25, 0.55), ("balanced", 0.25, 0.6), ("medium", 0.25, 0.6)],
)
def test_dis_knows_layers_that_move_and_what_they_hide(preset: str, bound: float, precise: float, scale: float) -> None:
    pair = layers()
    config = MotionConfig.model_validate({"preset": preset, "scale": scale})
    found = accuracy(pair, estimate(pair, build_estimator(config))[0])
    assert found.error < bound
    assert found.precision is not None
    assert found.recall is not None
    assert found.precision > precise
    assert found.recall > 0.6


@pytest.mark.parametrize(
    ("preset", "bound"), [("ultrafast", 0.6), ("fast", 0.27), ("balanced", 0.25), ("medium", 0.25)]
)
def test_dis_knows_rubberwhale_well_below_a_pixel(shared: Path, preset: str, bound: float) -> None:
    assert error(real(shared, "RubberWhale"), preset=preset) < bound


def test_farneback_agrees_with_the_truth_as_well(shared: Path) -> None:
    assert error(real(shared, "RubberWhale"), estimator="farneback", scale=1.0) < 0.4


@pytest.mark.slow
def test_raft_knows_motion_that_is_too_large_for_dis(shared: Path) -> None:
    if not RAFT.is_file():
        pytest.skip("real material absent: no weights of RAFT in 'shared/weights'")
    chairs, kitti = real(shared, "Chairs"), real(shared, "KITTI")
    settings = {"estimator": "raft-small", "weights": str(RAFT), "scale": 1.0}
    assert error(chairs, **settings) < 0.55 < error(chairs, scale=1.0)
    assert error(kitti, **settings) < 10 < error(kitti, scale=0.5) / 2
