import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from tests.measure.test_clips import batches, noisy
from tests.motion.pictures import pan
from vidstyle.errors import ConfigError
from vidstyle.measure import Gates, Measures, measure_clips
from vidstyle.motion.neighbourhood import smooth


@pytest.fixture(scope="module")
def source() -> Tensor:
    return 0.1 + 0.8 * pan(12, 48, 64)


def measured(source: Tensor, result: Tensor, reference: Tensor | None = None) -> Measures:
    return measure_clips(batches(source), batches(result), None if reference is None else batches(reference))


def test_a_blurred_result_is_stiller_but_fails_on_sharpness(source: Tensor) -> None:
    reference = noisy(source, 0.05)
    measures = measured(source, smooth(reference, 1.5), reference)
    assert measures.sharpness is not None
    assert measures.sharpness < 0.5
    outcomes = Gates(max_warp_ratio=0.5, min_sharpness=0.95, max_drift=1).outcomes(measures)
    assert [(outcome.gate, outcome.passed) for outcome in outcomes] == [
        ("--max-warp-ratio", True),
        ("--min-sharpness", False),
        ("--max-drift", True),
    ]
    assert f"is {measures.sharpness:.3f}, at least 0.95 passes" in outcomes[1].words
    assert all("reference" in outcome.words for outcome in outcomes)


def test_without_a_reference_the_source_is_the_measure_and_named(source: Tensor) -> None:
    (outcome,) = Gates(max_warp_ratio=2).outcomes(measured(source, noisy(source, 0.05)))
    assert not outcome.passed
    assert "over the source's" in outcome.words


def test_stiller_than_the_source_means_blur(source: Tensor) -> None:
    grain = noisy(source, 0.05)
    measures = measured(grain, smooth(grain, 1.5))
    assert measures.blurred
    assert not measured(source, grain).blurred


def test_drift_that_grows_fails(source: Tensor) -> None:
    ramp = torch.linspace(0, 8 / 255, len(source))[:, None, None, None]
    (outcome,) = Gates(max_drift=1).outcomes(measured(source, source + ramp, source))
    assert not outcome.passed
    assert outcome.value == pytest.approx(8 * 6 / 11, abs=0.05)  # the mean of the last half less that of the first


def test_a_figure_that_is_absent_does_not_pass(source: Tensor) -> None:
    outcomes = Gates(max_warp_ratio=1, max_drift=9).outcomes(measured(source[:1], source[:1]))
    assert [outcome.passed for outcome in outcomes] == [False, False]
    assert all("not to be had" in outcome.words for outcome in outcomes)


def test_only_what_is_asked_for_is_decided(source: Tensor) -> None:
    assert Gates().outcomes(measured(source[:2], source[:2])) == ()


def test_a_gate_that_could_not_be_decided_is_refused_beforehand() -> None:
    with pytest.raises(ConfigError, match="--min-sharpness needs --reference"):
        Gates(min_sharpness=0.9).refuse_impossible(has_reference=False)
    Gates(min_sharpness=0.9).refuse_impossible(has_reference=True)
    Gates(max_warp_ratio=1, max_drift=1).refuse_impossible(has_reference=False)


@pytest.mark.parametrize("bound", [0.0, -1.0, float("nan"), float("inf")])
def test_a_bound_that_means_nothing_is_refused(bound: float) -> None:
    with pytest.raises(ValidationError):
        Gates(max_warp_ratio=bound)
