from collections.abc import Iterator
from fractions import Fraction

import pytest
import torch
from torch import Tensor

from tests.motion.pictures import pan
from vidstyle.errors import MeasureError
from vidstyle.frames import FrameBatch
from vidstyle.measure import Measures, measure_clips


def batches(images: Tensor, size: int = 3) -> Iterator[FrameBatch]:
    for start in range(0, len(images), size):
        part = images[start : start + size]
        yield FrameBatch(part, tuple(range(start, start + len(part))), Fraction(1, 25))


def noisy(clip: Tensor, amount: float) -> Tensor:
    return clip + amount * torch.randn(clip.shape, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def source() -> Tensor:
    return pan(6, 60, 72)


def test_a_stiller_result_has_a_ratio_above_1(source: Tensor) -> None:
    measures = measure_clips(
        batches(source), batches(noisy(source, 0.01)), batches(noisy(source, 0.05), size=2), distance=3
    )
    assert measures.frames == 6
    assert (measures.short.pairs, measures.long.pairs) == (5, 3)
    assert (measures.short.ratio or 0) > 5
    assert (measures.long.ratio or 0) > 5
    assert (measures.short.source or 1) < (measures.short.result or 0) < (measures.short.reference or 0)
    assert (measures.sharpness or 1) < 1
    assert 0.5 < (measures.similarity or 0) < 1
    assert [frame.result is None for frame in measures.curve] == [True] + 5 * [False]


def test_the_source_measured_as_its_own_result_is_sharp_and_still(source: Tensor) -> None:
    measures = measure_clips(batches(source), batches(source, size=4), distance=2)
    assert measures.sharpness == pytest.approx(1)
    assert measures.short.result == measures.short.source
    assert measures.short.reference is None
    assert measures.short.ratio is None
    assert measures.similarity is None


def test_how_frames_are_batched_changes_nothing(source: Tensor) -> None:
    result = noisy(source, 0.02)
    whole = measure_clips(batches(source, 6), batches(result, 6), distance=2)
    assert measure_clips(batches(source, 1), batches(result, 4), distance=2) == whole


def test_measures_survive_json(source: Tensor) -> None:
    measures = measure_clips(batches(source), batches(source), distance=10)
    assert measures.long.result is None
    assert Measures.model_validate_json(measures.model_dump_json()) == measures


def test_clips_of_different_length_are_refused(source: Tensor) -> None:
    with pytest.raises(MeasureError, match="result ends after 4 frames, the source goes on"):
        measure_clips(batches(source), batches(source[:4]))


def test_clips_of_different_size_are_refused(source: Tensor) -> None:
    with pytest.raises(MeasureError, match="frame 0: the source 72x60, the result 70x60"):
        measure_clips(batches(source), batches(source[..., :70]))
