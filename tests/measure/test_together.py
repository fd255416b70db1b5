from fractions import Fraction
from itertools import islice

import pytest
import torch

from vidstyle.errors import MeasureError
from vidstyle.frames import FrameBatch
from vidstyle.measure.together import frames_together


def clip(
    frames: int, *, rate: Fraction = Fraction(25), ticks: int = 12800, start: int = 0, batch: int = 1
) -> list[FrameBatch]:
    """Frames that are their own number, at a rate as near as the ticks allow."""
    pts = [start + round(number / rate * ticks) for number in range(frames)]
    images = torch.arange(frames).float()[:, None, None, None].expand(frames, 3, 4, 6)
    return [
        FrameBatch(images[at : at + batch], tuple(pts[at : at + batch]), Fraction(1, ticks))
        for at in range(0, frames, batch)
    ]


def test_frames_come_together_whatever_the_batches_and_time_bases() -> None:
    seen = list(frames_together({"source": clip(7, batch=3), "result": clip(7, ticks=1000, start=5000, batch=2)}))
    assert [float(frames["source"][0].mean()) for frames in seen] == list(range(7))
    assert [float(frames["result"][0].mean()) for frames in seen] == list(range(7))
    assert seen[6]["source"][1] == Fraction(6, 25)


def test_milliseconds_do_not_count_as_another_rate() -> None:
    rate = Fraction(30000, 1001)
    assert len(list(frames_together({"source": clip(90, rate=rate), "result": clip(90, rate=rate, ticks=1000)}))) == 90


@pytest.mark.parametrize(("rate", "within"), [(Fraction(30), 3), (Fraction(24), 8), (Fraction(50), 2)])
def test_another_rate_is_refused_early(rate: Fraction, within: int) -> None:
    together = frames_together({"source": clip(40), "result": clip(40, rate=rate)})
    with pytest.raises(MeasureError, match="one frame rate"):
        list(islice(together, within + 1))


def test_the_clip_that_ends_first_is_named() -> None:
    clips = {"source": clip(5), "result": clip(5), "reference": clip(3)}
    with pytest.raises(MeasureError, match="the reference ends after 3 frames, the source goes on"):
        list(frames_together(clips))
