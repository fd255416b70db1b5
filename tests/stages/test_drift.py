"""What a long still shot and a slow fade become, each step of which is too small to notice."""

import pytest

from tests.benchmarks.still import FADES, FRAMES, STABILITIES, holding, lag, still_shot
from tests.motion.pictures import texture
from vidstyle.stages.batches import MovingBatch
from vidstyle.stages.blend import BlendConfig

PICTURE = texture(72, 96, grain=4)[None]


@pytest.fixture(scope="module", params=[0.0, 0.01], ids=["steady light", "light that breathes"])
def shot(request: pytest.FixtureRequest) -> list[MovingBatch]:
    return still_shot(PICTURE, FRAMES, request.param)


@pytest.mark.slow
@pytest.mark.parametrize("stability", STABILITIES)
def test_a_still_shot_keeps_its_brightness_and_its_lines(shot: list[MovingBatch], stability: float) -> None:
    held = holding(shot, BlendConfig(stability=stability))
    assert abs(held.drift) < 1
    assert abs(held.worst) < 1
    assert 0.9 < held.sharpness < 1.1


@pytest.mark.parametrize("stability", STABILITIES)
@pytest.mark.parametrize("direction", FADES)
def test_a_slow_fade_is_followed_within_a_code(direction: str, stability: float) -> None:
    assert lag(PICTURE, FADES[direction], BlendConfig(stability=stability)) < 1
