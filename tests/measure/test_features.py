from pathlib import Path

import pytest
import torch

from tests.measure.test_clips import batches
from tests.motion.pictures import pan, texture
from tests.networks.seeing import PLACES, normalised
from vidstyle.measure import FeatureNetwork, feature_distance, load_features, measure_clips


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
    seen: list[torch.Size] = []
    handle = network.register_forward_pre_hook(lambda _, images: seen.append(images[0].shape))
    feature_distance(network, texture(512, 600)[None], texture(512, 600)[None])
    handle.remove()
    assert [tuple(shape[-2:]) for shape in seen] == [(256, 300), (256, 300)]


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
