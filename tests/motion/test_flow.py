import pytest
import torch

from tests.motion.pictures import texture
from vidstyle.errors import PluginError
from vidstyle.motion import FLOW_ESTIMATORS, Flow, MotionConfig, build_estimator, luma


def test_luma_has_the_weights_of_rec_709() -> None:
    primaries = torch.eye(3)[:, :, None, None]
    assert luma(primaries).flatten().tolist() == pytest.approx([0.2126, 0.7152, 0.0722])


def test_luma_of_luma_is_itself() -> None:
    plane = texture(8, 8)[None, :1]
    assert luma(plane) is plane


def test_luma_leaves_the_picture_alone() -> None:
    image = texture(8, 8)[None]
    before = image.clone()
    luma(image)
    assert torch.equal(image, before)


def test_unknown_motion_trusts_nothing() -> None:
    flow = Flow.unknown(2, 4, 5)
    assert flow.visibility.sum() == 0
    assert flow.to_previous.abs().sum() == 0
    assert len(flow) == 2


def test_flow_and_visibility_must_belong_together() -> None:
    with pytest.raises((ValueError, TypeError)):  # jaxtyping, where it is on, notices first
        Flow(torch.zeros(1, 2, 4, 5), torch.zeros(1, 1, 4, 6))


def test_a_slice_of_a_flow_is_a_flow() -> None:
    flow = Flow(torch.arange(3.0)[:, None, None, None].expand(3, 2, 4, 4), torch.ones(3, 1, 4, 4))
    assert flow[1:3].to_previous[0, 0, 0, 0] == 1


def test_an_unknown_estimator_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(PluginError, match="dis"):
        build_estimator(MotionConfig(estimator="dsi"))
    assert "dis" in FLOW_ESTIMATORS.names()
