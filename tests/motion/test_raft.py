from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torchvision.models.optical_flow import raft_large, raft_small

from tests.motion.pictures import texture
from vidstyle.errors import ConfigError
from vidstyle.motion import MotionConfig, build_estimator
from vidstyle.motion.raft_weights import load_network, to_torchvision


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    torch.manual_seed(0)
    return raft_small(weights=None).state_dict()


def test_without_weights_both_ways_to_them_are_named() -> None:
    with pytest.raises(ConfigError, match=r"motion\.weights.*path.*torchvision"):
        build_estimator(MotionConfig(estimator="raft-small"))


def test_torchvisions_own_layout_is_taken_from_either_kind_of_file(tmp_path: Path, state: dict[str, Tensor]) -> None:
    torch.save(state, tmp_path / "a.pth")
    save_file(state, tmp_path / "a.safetensors")
    network, checksum = load_network("raft-small", str(tmp_path / "a.pth"))
    _, other = load_network("raft-small", str(tmp_path / "a.safetensors"))
    assert checksum == other
    assert all(torch.equal(network.state_dict()[name], tensor) for name, tensor in state.items())


def test_the_authors_small_network_fits(shared: Path) -> None:
    path = shared / "weights" / "raft" / "raft-small.pth"
    if not path.is_file():
        pytest.skip("real material absent: no weights of RAFT")
    network, _ = load_network("raft-small", str(path))
    given = torch.load(path, map_location="cpu", weights_only=True)
    assert torch.equal(
        network.state_dict()["update_block.motion_encoder.convflow2.0.weight"],
        given["module.update_block.encoder.convf2.weight"],
    )


def test_the_authors_names_of_the_large_network_are_known() -> None:
    """Their names, made from torchvision's the other way round, by hand where rules would only repeat the code."""
    theirs = {
        "module.fnet.conv1.weight": "feature_encoder.convnormrelu.0.weight",
        "module.cnet.norm1.running_var": "context_encoder.convnormrelu.1.running_var",
        "module.cnet.layer2.0.norm2.bias": "context_encoder.layer2.0.convnormrelu2.1.bias",
        "module.cnet.layer2.0.downsample.1.weight": "context_encoder.layer2.0.downsample.1.weight",
        "module.cnet.conv2.bias": "context_encoder.conv.bias",
        "module.update_block.encoder.convc2.weight": "update_block.motion_encoder.convcorr2.0.weight",
        "module.update_block.encoder.conv.weight": "update_block.motion_encoder.conv.0.weight",
        "module.update_block.gru.convq2.weight": "update_block.recurrent_block.convgru2.convq.weight",
        "module.update_block.flow_head.conv2.weight": "update_block.flow_head.conv2.weight",
        "module.update_block.mask.0.weight": "mask_predictor.convrelu.0.weight",
        "module.update_block.mask.2.bias": "mask_predictor.conv.bias",
    }
    renamed = to_torchvision({name: torch.zeros(1) for name in theirs})
    assert list(renamed) == list(theirs.values())
    assert set(renamed) <= set(raft_large(weights=None).state_dict())


def test_what_the_authors_files_hold_twice_is_taken_once() -> None:
    names = ("cnet.layer2.0.norm3.weight", "cnet.layer2.0.downsample.1.weight")
    assert list(to_torchvision(dict.fromkeys(names, torch.zeros(1)))) == [
        "context_encoder.layer2.0.downsample.1.weight"
    ]


def test_another_networks_weights_are_refused_with_the_files_name(tmp_path: Path, state: dict[str, Tensor]) -> None:
    torch.save(state, tmp_path / "small.pth")
    with pytest.raises(ConfigError, match=r"small\.pth holds no weights of raft-large"):
        load_network("raft-large", str(tmp_path / "small.pth"))


@pytest.mark.parametrize("name", ["absent.pth", "torn.pth", "torn.safetensors", "list.pth"])
def test_a_bad_file_is_one_clear_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "torn.pth").write_bytes(b"PK\x03\x04torn")
    (tmp_path / "torn.safetensors").write_bytes(b"torn")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(ConfigError, match=name.replace(".", r"\.")) as refusal:
        load_network("raft-small", str(tmp_path / name))
    assert "\n" not in str(refusal.value)


class Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("sprung",)


def test_code_in_a_pickle_is_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"a": Trap()}, tmp_path / "trap.pth")
    with pytest.raises(ConfigError, match=r"trap\.pth"):
        load_network("raft-small", str(tmp_path / "trap.pth"))
    assert "sprung" not in capsys.readouterr().out


@pytest.mark.parametrize("size", [(40, 56), (131, 150)])
def test_the_margin_that_is_added_is_taken_away_where_it_was_added(
    tmp_path: Path, state: dict[str, Tensor], size: tuple[int, int]
) -> None:
    torch.save(state, tmp_path / "a.pth")
    find = build_estimator(MotionConfig(estimator="raft-small", weights=str(tmp_path / "a.pth"), scale=1.0, updates=1))
    frame = texture(*size)[None]
    flow = find(frame, frame)
    assert flow.to_previous.shape == (1, 2, *size)
    assert not flow.to_previous.requires_grad
