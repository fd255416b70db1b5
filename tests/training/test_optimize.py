import cv2
import numpy as np
import pytest
import torch

from tests.training.conftest import paint
from vidstyle.cli import run
from vidstyle.errors import TrainingError
from vidstyle.measure.distributions import sliced_wasserstein
from vidstyle.networks import FeatureNetwork
from vidstyle.networks.features import Parts
from vidstyle.training.optimize import OptimizeConfig, optimize

STAGES = {"content_stages": (2,), "style_stages": (1, 2)}


@pytest.fixture
def eyes() -> FeatureNetwork:
    """Two stages of random features, which see colours and edges well enough."""
    torch.manual_seed(0)
    colour = torch.nn.Conv2d(3, 3, 1)
    with torch.no_grad():
        colour.weight.copy_(torch.eye(3)[..., None, None])
        colour.bias.fill_(-0.5)
    layers = [(torch.randn(n, m, 3, 3) * (2 / (9 * m)) ** 0.5, torch.zeros(n)) for m, n in ((3, 16), (16, 24))]
    return FeatureNetwork(Parts("random", colour, "reflect", tuple((layer,) for layer in layers)))


def picture(seed: int) -> torch.Tensor:
    return torch.from_numpy(paint(seed)).permute(2, 0, 1)[None].float() / 255


def stripes() -> torch.Tensor:
    """Dark blue and gold, four pixels wide."""
    across = (torch.arange(80) // 4 % 2).float().expand(64, 80)
    return torch.stack([across * 0.9, across * 0.7, 0.35 - across * 0.25])[None]


def codes(image: torch.Tensor) -> np.ndarray:
    return (image[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)


@pytest.mark.parametrize(("optimizer", "steps"), [("lbfgs", 40), ("adam", 120)])
def test_the_look_is_reached_and_the_content_stays(eyes: FeatureNetwork, optimizer: str, steps: int):
    told: list[dict[str, float]] = []
    config = OptimizeConfig(side=64, look=64, optimizer=optimizer, steps=steps, **STAGES)  # type: ignore[arg-type]
    made = optimize(picture(0), stripes(), eyes, config, on_progress=lambda _, losses: told.append(losses))
    assert made.shape == (1, 3, 64, 80)
    assert 0 <= made.min() <= made.max() <= 1
    assert told[-1]["style"] < 0.3 * told[0]["style"]
    before, after = (sliced_wasserstein([codes(image)], [codes(stripes())]) for image in (picture(0), made))
    assert after < 0.85 * before
    same, other = ((eyes(made)[1] - eyes(image)[1]).square().mean() for image in (picture(0), picture(5)))
    assert same < other


def test_noise_becomes_the_content_where_no_look_is_asked_for(eyes: FeatureNetwork):
    config = OptimizeConfig(side=64, look=64, start="noise", style=0, variation=0.1, steps=60, content_stages=(1,))
    made = optimize(picture(0), stripes(), eyes, config.model_copy(update={"style_stages": (1,)}))
    assert (made - picture(0)).abs().mean() < 0.1
    assert torch.equal(made, optimize(picture(0), stripes(), eyes, config.model_copy(update={"style_stages": (1,)})))


def test_stages_that_are_not_there_are_told(eyes: FeatureNetwork):
    with pytest.raises(TrainingError, match="sees 2 stages"):
        optimize(picture(0), stripes(), eyes, OptimizeConfig(side=64, look=64))


def test_the_command_writes_a_picture_of_the_size_that_is_asked_for(tmp_path, capsys):
    torch.manual_seed(0)
    seen = {"0.weight": torch.eye(3)[..., None, None] - 0.5, "0.bias": torch.zeros(3)}
    torch.save(seen | {"2.weight": torch.randn(8, 3, 3, 3) / 3, "2.bias": torch.zeros(8)}, tmp_path / "eyes.pth")
    for name, image in (("a", paint(0)), ("b", paint(1))):
        assert cv2.imwrite(str(tmp_path / f"{name}.png"), image)
    names = [str(tmp_path / name) for name in ("a.png", "b.png")]
    options = ["--features", str(tmp_path / "eyes.pth"), "--side", "32", "--steps", "12"]
    options += ["--set", "content_stages=[1]", "--set", "style_stages=[1]", "--device", "cpu"]
    assert run(["train", "optimize", *names, "-o", str(tmp_path / "out.jpg"), *options]) == 0
    assert "step 12/12" in capsys.readouterr().err
    assert cv2.imread(str(tmp_path / "out.jpg")).shape == (32, 40, 3)
    assert run(["train", "optimize", *names, "-o", str(tmp_path / "out.txt"), *options]) == 73
    assert run(["train", "optimize", *names, "-o", str(tmp_path / "o.png"), "--features", "absent.pth"]) == 78
    assert not (tmp_path / "o.png").exists()
