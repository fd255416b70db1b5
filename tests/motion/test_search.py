import numpy as np
import pytest
import torch

from tests.motion.pictures import texture
from vidstyle.errors import VidstyleError
from vidstyle.motion.search import InverseSearch


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    return (texture(height, width, seed=seed)[0] * 255).byte().numpy()


@pytest.mark.parametrize("finest", [0, 1, 2])
@pytest.mark.parametrize("size", [(16, 16), (17, 40), (20, 81), (32, 40), (47, 64), (60, 80)])
def test_the_same_pair_gets_the_same_flow_however_often_and_after_whatever(size: tuple[int, int], finest: int) -> None:
    """At these sizes OpenCV alone changes its settings on the first call, or crashes."""
    current, previous = picture(*size), picture(*size, seed=1)
    search = InverseSearch(stride=4, descent=12, refinement=3, finest=finest)
    first = search(current, previous)
    search(picture(90, 120, 2), picture(90, 120, 3))
    assert torch.equal(search(current, previous), first)
    assert first.isfinite().all()
    fresh = InverseSearch(stride=4, descent=12, refinement=3, finest=finest)
    assert torch.equal(fresh(current, previous), first)


def test_pictures_of_different_size_raise_our_error() -> None:
    search = InverseSearch(stride=4, descent=12, refinement=3, finest=1)
    with pytest.raises(VidstyleError, match="flow of"):
        search(picture(40, 40), picture(40, 44))
