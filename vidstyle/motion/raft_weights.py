"""RAFT's weights: from a file in either of two layouts, or from torchvision."""

import hashlib
import pickle
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torchvision.models.optical_flow import Raft_Large_Weights, Raft_Small_Weights, raft_large, raft_small

from vidstyle.errors import ConfigError

_BUILDERS: dict[str, tuple[Callable[..., nn.Module], Any]] = {
    "raft-small": (raft_small, Raft_Small_Weights.DEFAULT),
    "raft-large": (raft_large, Raft_Large_Weights.DEFAULT),
}

# The authors' names → torchvision's, in this order. norm3 and norm4 stand in the authors' files a second time, as part
# of `downsample`.
_RENAMED: tuple[tuple[str, str], ...] = (
    (r"^module\.", ""),
    (r"^fnet\.", "feature_encoder."),
    (r"^cnet\.", "context_encoder."),
    (r"^(\w+_encoder)\.conv1\.", r"\1.convnormrelu.0."),
    (r"^(\w+_encoder)\.norm1\.", r"\1.convnormrelu.1."),
    (r"^(\w+_encoder)\.conv2\.", r"\1.conv."),
    (r"^(\w+_encoder\.layer\d\.\d)\.conv(\d)\.", r"\1.convnormrelu\2.0."),
    (r"^(\w+_encoder\.layer\d\.\d)\.norm(\d)\.", r"\1.convnormrelu\2.1."),
    (r"^update_block\.encoder\.convc(\d)\.", r"update_block.motion_encoder.convcorr\1.0."),
    (r"^update_block\.encoder\.convf(\d)\.", r"update_block.motion_encoder.convflow\1.0."),
    (r"^update_block\.encoder\.conv\.", "update_block.motion_encoder.conv.0."),
    (r"^update_block\.gru\.conv([zrq])\.", r"update_block.recurrent_block.convgru1.conv\1."),
    (r"^update_block\.gru\.conv([zrq])(\d)\.", r"update_block.recurrent_block.convgru\2.conv\1."),
    (r"^update_block\.mask\.0\.", "mask_predictor.convrelu.0."),
    (r"^update_block\.mask\.2\.", "mask_predictor.conv."),
)


def load_network(name: str, weights: str | None) -> tuple[nn.Module, str]:
    """Make RAFT, ready to run on the CPU, and give the checksum of its weights.

    `weights` is the path of a .pth or .safetensors file, in torchvision's layout or in that of the authors
    (github.com/princeton-vl/RAFT), or the word `torchvision`: only then may anything be downloaded.

    Raises:
        ConfigError: none are given, or they can't be had, read, or do not fit the network.
    """
    build, published = _BUILDERS[name]
    if weights is None:
        raise ConfigError(
            f"motion.estimator = {name!r} needs weights: set motion.weights to the path of a .pth or .safetensors "
            "file, or to 'torchvision' to let torchvision download them",
            key="motion.weights",
        )
    network = _published(name, build, published) if weights == "torchvision" else _local(name, build, Path(weights))
    return network.eval().requires_grad_(False), _checksum(network)


def to_torchvision(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the tensors of a state dict of RAFT's authors; torchvision's own pass through."""
    renamed = {}
    for name, tensor in state.items():
        duplicate = re.search(r"\.norm4\.|\.norm3\.", name) and re.sub(r"norm[34]", "downsample.1", name) in state
        if not duplicate:
            for pattern, replacement in _RENAMED:
                name = re.sub(pattern, replacement, name)  # noqa: PLW2901
            renamed[name] = tensor
    return renamed


def _local(name: str, build: Callable[..., nn.Module], path: Path) -> nn.Module:
    network = build(weights=None)
    try:
        network.load_state_dict(to_torchvision(_state(path)))
    except RuntimeError as error:
        first = " ".join(str(error).split())[:120]
        raise _error(f"{path} holds no weights of {name}: {first}") from error
    return network


def _state(path: Path) -> Mapping[str, Tensor]:
    try:
        state = load_file(path) if path.suffix == ".safetensors" else _unpickled(path)
    except OSError as error:
        raise _error(f"{path} can't be read: {error.strerror or error}; or set 'torchvision'") from error
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise _error(f"{path} is no file of weights that can be read safely: {_first_line(error)}") from error
    if not isinstance(state, dict) or not all(isinstance(tensor, Tensor) for tensor in state.values()):
        raise _error(f"{path} holds no state dict, names with tensors; save one with torch.save(net.state_dict())")
    return state


def _unpickled(path: Path) -> Any:
    return torch.load(path, map_location="cpu", weights_only=True)


def _published(name: str, build: Callable[..., nn.Module], published: Any) -> nn.Module:
    try:
        return build(weights=published, progress=False)
    except (OSError, RuntimeError) as error:
        reason = _first_line(error)
        raise _error(f"torchvision can't get the weights of {name}: {reason}; or set the path of a file") from error


def _checksum(network: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _error(message: str) -> ConfigError:
    return ConfigError(f"motion.weights: {message}", key="motion.weights")
