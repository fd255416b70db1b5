from pathlib import Path

import pytest
import torch
from torchvision.models import vgg16, vgg16_bn, vgg19

from tests.motion.pictures import texture
from tests.networks.references import distilled_features
from tests.networks.seeing import PLACES, distilled, normalised
from vidstyle.errors import ConfigError
from vidstyle.networks.features import FeatureNetwork, load_features, parts_of


def test_a_picture_that_is_tiny_is_seen_by_the_first_stages() -> None:
    assert len(FeatureNetwork(parts_of(normalised(*PLACES)))(texture(4, 4)[None])) == 2


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


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_the_distilled_network_sees_what_its_published_one_does(tmp_path: Path, stages: int) -> None:
    weights = distilled(stages)
    torch.save({"model": weights, "epoch": 20}, tmp_path / "SE.pth")
    network = load_features(tmp_path / "SE.pth")
    picture = texture(32, 48)[None]
    found = network(picture)
    assert network.name == "vgg19-distilled"
    assert [tuple(each.shape) for each in found] == [(1, 8, 32 >> n, 48 >> n) for n in range(stages)]
    for one, other in zip(found, distilled_features(weights, picture), strict=True):
        torch.testing.assert_close(one, other)


def test_layers_are_chosen_by_their_names_and_unknown_ones_refused() -> None:
    parts = parts_of(normalised(*PLACES))
    picture = texture(32, 32)[None]
    every = FeatureNetwork(parts, ["relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1"])(picture)
    (one,) = FeatureNetwork(parts, ["relu2_1"])(picture)
    assert torch.equal(one, every[2])
    assert all(torch.equal(a, b) for a, b in zip(FeatureNetwork(parts)(picture), every[1::2] + every[4:], strict=True))
    with pytest.raises(ConfigError, match=r"no layer 'relu4_1'; known: relu1_1, relu1_2"):
        FeatureNetwork(parts, ["relu4_1"])


def test_gradients_reach_the_picture_and_not_the_weights() -> None:
    network = FeatureNetwork(parts_of(distilled(2)))
    picture = texture(16, 16)[None].requires_grad_()
    torch.stack([each.square().mean() for each in network(picture)]).sum().backward()
    assert picture.grad is not None
    assert picture.grad.abs().max() > 0
    assert not any(weight.requires_grad for weight in network.parameters())


def test_torchvision_is_asked_only_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def refuse(url: str, **_: object) -> None:
        asked.append(url)
        raise OSError("no network")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", refuse)
    with pytest.raises(ConfigError, match="can't be read"):
        load_features("vgg19")
    assert asked == []
    with pytest.raises(ConfigError, match="torchvision can't get the weights of vgg19: no network; or give the path"):
        load_features("torchvision:vgg19")
    assert len(asked) == 1
    assert "vgg19" in asked[0]


def test_the_real_distilled_network_sees_much_as_the_one_that_taught_it(shared: Path) -> None:
    teacher = shared / "weights" / "deep-transfer" / "vgg_normalised_conv3_1.pth"
    student = shared / "weights" / "collab-distill" / "16x" / "SE4.pth"
    if not teacher.is_file() or not student.is_file():
        pytest.skip("the distilled VGG or its teacher is absent")
    picture = texture(96, 128, grain=3)[None]
    first = ["relu1_1", "relu2_1", "relu3_1"]
    taught, wanted = load_features(student)(picture), load_features(teacher, first)(picture)
    assert [each.shape[1] for each in taught] == [64, 128, 256, 512]
    alike = [
        float(torch.corrcoef(torch.stack([a.flatten(), b.flatten()]))[0, 1])
        for a, b in zip(taught[:3], wanted, strict=True)
    ]
    assert alike[0] > 0.9
    assert alike[1] > 0.7
    assert alike[2] > 0.6
