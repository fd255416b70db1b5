from pathlib import Path

import pytest
import torch
from torch import Tensor
from torchvision.models import vgg16, vgg16_bn, vgg19

from tests.measure.test_clips import batches
from tests.motion.pictures import pan, texture
from vidstyle.errors import ConfigError
from vidstyle.measure import FeatureNetwork, feature_distance, load_features, measure_clips

COLOUR = {"0.weight": torch.eye(3)[:, :, None, None] * 255, "0.bias": torch.zeros(3)}
PLACES = {2: (3, 64), 5: (64, 64), 9: (64, 128), 12: (128, 128), 16: (128, 256)}


def normalised(*numbers: int) -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(0)
    weights = dict(COLOUR)
    for number in numbers:
        inward, outward = PLACES[number]
        weights[f"{number}.weight"] = torch.randn(outward, inward, 3, 3, generator=random) / (3 * inward**0.5)
        weights[f"{number}.bias"] = torch.zeros(outward)
    return weights


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> FeatureNetwork:
    path = tmp_path_factory.mktemp("weights") / "vgg.pth"
    torch.save(normalised(*PLACES), path)
    return load_features(path)


def test_equal_pictures_are_at_no_distance_and_noise_moves_away(network: FeatureNetwork) -> None:
    picture = texture(64, 80)[None]
    noise = torch.randn(picture.shape, generator=torch.Generator().manual_seed(0))
    distances = [float(feature_distance(network, picture, picture + amount * noise)) for amount in (0, 0.05, 0.2)]
    assert distances[0] == 0
    assert distances == sorted(distances)
    assert 0 < distances[2] <= 2


def test_a_large_picture_is_reduced_first(network: FeatureNetwork) -> None:
    assert network(texture(512, 600)[None])[0].shape[-2:] == (256, 300)


def test_a_picture_that_is_tiny_is_seen_by_the_first_stages(network: FeatureNetwork) -> None:
    assert len(network(texture(4, 4)[None])) == 2


@pytest.mark.parametrize(("numbers", "stages"), [((2,), 1), ((2, 5, 9), 2), (tuple(PLACES), 3)])
def test_the_normalised_network_is_known_at_every_depth(tmp_path: Path, numbers: tuple[int, ...], stages: int) -> None:
    torch.save(normalised(*numbers), tmp_path / "vgg.pth")
    assert len(load_features(tmp_path / "vgg.pth")(texture(32, 32)[None])) == stages


@pytest.mark.slow
@pytest.mark.parametrize(("make", "name", "last"), [(vgg16, "vgg16", 30), (vgg19, "vgg19", 36)])
def test_torchvision_weights_give_its_own_activations(tmp_path: Path, make: object, name: str, last: int) -> None:
    assert callable(make)
    torch.manual_seed(0)
    theirs = make(weights=None).features.eval()
    torch.save({f"features.{key}": value for key, value in theirs.state_dict().items()}, tmp_path / "vgg.pth")
    ours = load_features(tmp_path / "vgg.pth")
    assert ours.name == name
    picture = texture(48, 64)[None]
    mean, spread = (torch.tensor(v)[:, None, None] for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    with torch.no_grad():
        expected = theirs[: last - 1]((picture - mean) / spread).relu()
    torch.testing.assert_close(ours(picture)[-1], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_batch_norm_is_refused_for_it_would_be_left_out(tmp_path: Path) -> None:
    torch.save(vgg16_bn(weights=None).features.state_dict(), tmp_path / "bn.pth")
    with pytest.raises(ConfigError, match="without batch norm"):
        load_features(tmp_path / "bn.pth")


def test_what_is_no_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.pth").write_text("no weights")
    torch.save([1, 2], tmp_path / "list.pth")
    torch.save({"a.weight": torch.zeros(2, 2, 3, 3)}, tmp_path / "other.pth")
    for name, words in {"text": "can't be read", "list": "holds a list", "other": "found keys a.weight"}.items():
        with pytest.raises(ConfigError, match=words):
            load_features(tmp_path / f"{name}.pth")
    with pytest.raises(ConfigError, match="can't be read"):
        load_features(tmp_path / "absent.pth")


def test_clips_are_compared_at_every_so_many_frames(network: FeatureNetwork) -> None:
    source = pan(5, 32, 40)
    measures = measure_clips(
        batches(source), batches(source + 0.1), batches(source), distance=2, features=network, every=2
    )
    known = [frame.features for frame in measures.curve]
    assert [value is None for value in known] == [False, True, False, True, False]
    assert measures.features == pytest.approx(sum(value or 0 for value in known) / 3)


def test_the_real_network_finds_a_blurred_photograph_less_like_than_a_shifted_one(shared: Path) -> None:
    path = shared / "weights" / "deep-transfer" / "vgg_normalised_conv3_1.pth"
    if not path.is_file():
        pytest.skip("the normalised VGG is absent")
    real = load_features(path)
    picture = texture(96, 128, grain=3)[None]
    blurred = torch.nn.functional.avg_pool2d(picture, 5, 1, 2, count_include_pad=False)
    brighter = (picture + 0.03).clamp(0, 1)
    assert feature_distance(real, picture, blurred) > 3 * feature_distance(real, picture, brighter)
