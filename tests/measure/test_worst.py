import torch
from torch import Tensor

from tests.measure.test_clips import batches
from tests.motion.pictures import pan
from vidstyle.measure import Region, WorstFrames, measure_clips, offending_region

LEFT, TOP, SIDE = 48, 12, 16  # of the rectangle that flickers


def flickering(clip: Tensor, *frames: int) -> Tensor:
    result = clip.clone()
    for frame in frames:
        result[frame, :, TOP : TOP + SIDE, LEFT : LEFT + SIDE] += 0.3
    return result


def overlap(region: Region) -> float:
    """The share of the rectangle that the region covers."""
    wide = min(region.left + region.width, LEFT + SIDE) - max(region.left, LEFT)
    high = min(region.top + region.height, TOP + SIDE) - max(region.top, TOP)
    return max(wide, 0) * max(high, 0) / SIDE**2


def test_injected_flicker_is_found_where_and_when_it_was() -> None:
    source = pan(12, 64, 96, dx=1)
    worst = WorstFrames(4, pictures=True)
    measures = measure_clips(batches(source), batches(flickering(source, 4, 9)), distance=3, worst=worst, first=100)
    assert {frame.number for frame in measures.worst} == {104, 105, 109, 110}
    assert all(overlap(frame.region) > 0.7 for frame in measures.worst)
    assert all(frame.region.width <= 32 for frame in measures.worst)
    errors = [frame.error for frame in measures.worst]
    assert errors == sorted(errors, reverse=True)
    calm = [frame.result or 0 for frame in measures.curve if frame.number not in {104, 105, 109, 110}]
    assert max(calm) < min(errors) / 100


def test_pictures_are_small_jpegs_of_every_clip() -> None:
    source = pan(6, 64, 96, dx=1)
    worst = WorstFrames(2, pictures=True)
    measure_clips(batches(source), batches(flickering(source, 3)), batches(source), distance=2, worst=worst)
    assert len(worst.stills) == 2
    for stills in worst.stills:
        assert set(stills.whole) == {"source", "result", "reference"}
        assert set(stills.near) == {"before", "now", "error"}
        assert all(jpeg.startswith(b"\xff\xd8") for jpeg in (*stills.whole.values(), *stills.near.values()))


def test_no_pictures_are_kept_unasked() -> None:
    source = pan(5, 32, 40)
    worst = WorstFrames(2)
    measure_clips(batches(source), batches(flickering(source, 3)), distance=2, worst=worst)
    assert len(worst.frames) == 2
    assert worst.stills == ()


def test_a_clip_that_does_not_change_has_no_worst_frame_and_no_error() -> None:
    still = pan(1, 32, 40).repeat(6, 1, 1, 1)
    measures = measure_clips(batches(still), batches(still), batches(still), distance=2)
    assert measures.short.result == measures.long.result == 0
    assert measures.short.to_reference == measures.short.to_source == 1
    assert measures.worst == ()
    assert not measures.blurred


def test_the_region_is_as_large_as_the_offence() -> None:
    small, large = torch.zeros(1, 1, 64, 80), torch.zeros(1, 1, 64, 80)
    small[..., 20:28, 50:58] = 1
    large[..., 10:42, 30:62] = 1
    assert offending_region(small) == Region(left=50, top=20, width=8, height=8)
    assert offending_region(large) == Region(left=30, top=10, width=32, height=32)
