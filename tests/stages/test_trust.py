import pytest
import torch

from tests.motion.pictures import texture
from vidstyle.motion import Flow, warp
from vidstyle.stages.trust import lasting, trust, worn


def visible(height: int, width: int, visibility: float = 1.0) -> Flow:
    return Flow(torch.zeros(1, 2, height, width), torch.full((1, 1, height, width), visibility))


def test_a_source_that_differs_is_not_trusted_although_the_flow_is_sure() -> None:
    before, now = torch.full((1, 3, 16, 16), 0.2), torch.full((1, 3, 16, 16), 0.7)
    assert trust(before, now, visible(16, 16), 50.0).max() < 1e-10
    assert trust(before, before, visible(16, 16), 50.0).min() == 1


def test_a_flow_that_errs_by_less_than_a_pixel_is_forgiven() -> None:
    edge = torch.full((1, 3, 16, 16), 0.3)
    edge[..., 8:] = 0.7
    shifted = 0.6 * edge + 0.4 * edge.roll(1, -1)
    shifted[..., 0] = 0.3
    plain = torch.exp(-50 * (edge - shifted).square().sum(1))
    assert plain.min() < 0.05
    assert trust(shifted, edge, visible(16, 16), 50.0).min() > 0.65


def test_what_the_flow_doubts_but_the_picture_confirms_is_trusted() -> None:
    source = texture(32, 32)[None]
    doubted = visible(32, 32)
    doubted.visibility[..., 8:16, 8:16] = 0
    assert trust(source, source, doubted, 50.0).min() == 1
    unlike = source.clone()
    unlike[..., 4:20, 4:20] += 0.3
    assert trust(source, unlike, doubted, 0.0)[..., 8:16, 8:16].max() == 0


def test_what_lies_outside_is_never_trusted_however_alike() -> None:
    flat = torch.full((1, 3, 24, 24), 0.5)
    flow = Flow(torch.full((1, 2, 24, 24), 6.0), torch.ones(1, 1, 24, 24))
    flow.visibility[..., 18:] = 0
    assert trust(flat, flat, flow, 50.0)[..., 18:].max() == 0


def test_a_frame_without_motion_agrees_with_nothing() -> None:
    source = texture(24, 24)[None]
    assert trust(source, source, Flow.unknown(1, 24, 24), 50.0).max() == 0


def test_a_shift_wears_nothing_and_a_zoom_wears_everywhere() -> None:
    nothing = torch.zeros(1, 1, 32, 32)
    shift = Flow(torch.full((1, 2, 32, 32), 3.0), torch.ones(1, 1, 32, 32))
    assert worn(nothing, shift).abs().max() < 1e-6
    place = torch.arange(32.0) - 15.5
    zoom = 0.1 * torch.stack((place.expand(32, 32), place[:, None].expand(32, 32)))[None]
    wear = worn(nothing, Flow(zoom, torch.ones(1, 1, 32, 32)))
    assert torch.allclose(wear[..., 8:-8, 8:-8], torch.tensor(0.1 * 2**0.5), atol=1e-4)


def test_wear_travels_with_the_picture() -> None:
    wear = torch.zeros(1, 1, 24, 24)
    wear[..., 10:14, 4:8] = 1.0
    shift = Flow(torch.zeros(1, 2, 24, 24), torch.ones(1, 1, 24, 24))
    shift.to_previous[:, 0] = -5.0
    assert torch.allclose(worn(wear, shift), warp(wear, shift.to_previous, "bilinear"), atol=1e-6)
    assert worn(wear, shift)[0, 0, 12, 11] == 1.0


@pytest.mark.parametrize(("wear", "left"), [(0.0, 1.0), (2.0, 0.5), (6.0, 0.1)])
def test_a_past_is_half_given_up_at_the_limit(wear: float, left: float) -> None:
    worn_by = torch.full((1, 1, 4, 4), wear)
    assert torch.allclose(lasting(worn_by, 2.0), torch.tensor(left))
    assert lasting(worn_by, 0.0).min() == 1


def test_wear_at_half_the_size_is_that_of_the_whole() -> None:
    place = torch.arange(48.0) - 23.5
    zoom = 0.05 * torch.stack((place.expand(48, 48), place[:, None].expand(48, 48)))[None]
    flow = Flow(zoom, torch.ones(1, 1, 48, 48))
    whole, half = worn(torch.ones(1, 1, 48, 48), flow), worn(torch.ones(1, 1, 24, 24), flow)
    assert torch.allclose(half[..., 4:-4, 4:-4], whole[..., 8:-8:2, 8:-8:2], atol=1e-3)
