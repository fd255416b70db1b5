"""Networks that are often at hand and are no generators, so that a refusal can say what they are."""

import re

from vidstyle.networks.checkpoints.layouts import Shapes

_RGB = 3


def stranger(shapes: Shapes) -> str | None:
    """Say what a checkpoint that is no generator may be, and where it belongs; None where that can't be told."""
    if any(key.startswith("update_block.") for key in shapes) and any(key.startswith("fnet.") for key in shapes):
        return "RAFT, which estimates flow: give it as motion.weights with motion.estimator=raft-small (or raft-large)"
    if "conv0.weight" in shapes and any(key.endswith("_aux.weight") for key in shapes):
        return "a distilled VGG-19, which gives features (networks.load_features), no pictures"
    if any(re.fullmatch(r"features\.\d+\.weight", key) for key in shapes):
        return "a VGG, which gives features (networks.load_features), no pictures"
    if shapes.get("0.weight") == (_RGB, _RGB, 1, 1) and "2.weight" in shapes:
        return "a normalised VGG-19, which gives features (networks.load_features), no pictures"
    return _by_ends(shapes)


def _by_ends(shapes: Shapes) -> str | None:
    kernels = [shape for shape in shapes.values() if len(shape) == 4]  # noqa: PLR2004
    ends = {shape[0] for shape in kernels}
    if "model.0.weight" in shapes and shapes.get("model.11.weight", (0,))[0] == 1:
        return "a PatchGAN, the discriminator of a training; its generator has another file (…_net_G… )"
    if "net.0.weight" in shapes and shapes.get("net.5.weight", (0,))[0] == 1:
        return "a PixelGAN, the discriminator of a training; its generator has another file (…_net_G… )"
    if kernels and _RGB in ends and all(shape[1] != _RGB for shape in kernels):
        return "a decoder, which turns features into a picture and needs its encoder"
    if kernels and _RGB not in ends:
        return "a network that gives no picture of 3 channels"
    return None
