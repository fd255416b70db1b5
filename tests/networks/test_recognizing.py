from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tests.networks.checkpoints import SMALL, checkpoint, spec
from tests.networks.references import REFERENCES
from vidstyle.errors import StyleError
from vidstyle.networks import build_generator
from vidstyle.networks.checkpoints.reading import Checkpoint, read_checkpoint
from vidstyle.networks.checkpoints.recognizing import LAYOUTS, Recognized, recognize

SCALES = {"-1..1": (2, -1), "0..1": (1, 0), "0..255": (255, 0)}


def recognized(tensors, layout=None) -> Recognized:
    return recognize(Checkpoint(Path("some.pth"), "state dict", tensors), layout)


def run(found: Recognized, x):
    generator = build_generator(found.generator).eval()
    generator.load_state_dict(found.state)
    with torch.inference_mode():
        return generator(x)


@pytest.mark.parametrize("layout", SMALL)
def test_each_layout_is_told_by_its_keys_with_its_options(layout):
    found = recognized(checkpoint(layout))
    assert found.layout == layout
    assert found.generator == spec(layout)
    assert (found.value_range, found.channel_order) == (LAYOUTS[layout].value_range, LAYOUTS[layout].channel_order)
    assert found.reasons


@pytest.mark.parametrize("layout", SMALL)
def test_each_layout_draws_what_its_published_network_draws(layout):
    tensors = checkpoint(layout)
    scale, offset = SCALES[LAYOUTS[layout].value_range]
    x = torch.rand(2, 3, 64, 96) * scale + offset
    with torch.inference_mode():
        expected = REFERENCES[layout](tensors, x)
    made = run(recognized(tensors), x)
    assert made.std() > 0.1
    assert (made - expected).abs().max() / scale * 255 < 0.05


def test_every_layout_is_tested():
    assert SMALL.keys() == LAYOUTS.keys() == REFERENCES.keys()


@pytest.mark.parametrize("norm", ["batch", "instance"])
@pytest.mark.parametrize("dropout", [False, True])
def test_norm_and_dropout_of_a_cyclegan_are_seen(norm, dropout):
    tensors = checkpoint("cyclegan-resnet", norm=norm)
    if dropout:
        moved = {"5": "6", "6": "7"}
        tensors = {
            ".".join([*parts[:3], moved.get(parts[3], parts[3]), *parts[4:]]) if "conv_block" in key else key: value
            for key, value in tensors.items()
            for parts in [key.split(".")]
        }
    found = recognized(tensors)
    assert found.generator.options["norm"] == norm
    assert any(reason.startswith("dropout" if dropout else "no dropout") for reason in found.reasons)
    x = torch.rand(1, 3, 32, 32) * 2 - 1
    with torch.inference_mode():
        assert torch.allclose(run(found, x), REFERENCES["cyclegan-resnet"](tensors, x), atol=1e-4)


def test_running_statistics_of_instance_norms_are_dropped():
    tensors = checkpoint("pytorch-fast-style")
    old = tensors | {"in1.running_mean": torch.ones(4), "in1.running_var": torch.ones(4)}
    found = recognized(old)
    assert any("2 running statistics dropped" in reason for reason in found.reasons)
    x = torch.rand(1, 3, 16, 16) * 255
    assert torch.equal(run(found, x), run(recognized(tensors), x))


def test_batch_norms_of_old_that_count_nothing_are_taken():
    tensors = {key: value for key, value in checkpoint("pix2pix-unet").items() if "num_batches" not in key}
    assert recognized(tensors).layout == "pix2pix-unet"


def test_the_reconets_own_names_tell_it_from_the_network_it_is_built_on():
    assert recognized(checkpoint("reconet")).generator.options["output"] == "tanh-255"
    assert recognized(checkpoint("pytorch-fast-style")).generator.options["output"] == "linear"


@pytest.mark.parametrize("layout", SMALL)
def test_a_checkpoint_that_lacks_a_key_is_refused_with_its_name(layout):
    tensors = checkpoint(layout)
    lost = next(key for key in reversed(tensors) if key.endswith(("weight", "scale", "_4")) and "norm" not in key)
    del tensors[lost]
    with pytest.raises(StyleError) as caught:
        recognized(tensors)
    assert f"Nearest is {layout}" in str(caught.value)
    assert "missing" in str(caught.value)


def test_unknown_keys_and_other_shapes_are_named():
    tensors = checkpoint("pytorch-fast-style")
    tensors["in2.weight"] = torch.ones(9)
    tensors["attention.weight"] = torch.ones(3)
    with pytest.raises(
        StyleError, match=r"unknown there: attention\.weight; of another shape: in2\.weight \(9,\), not \(8,\)"
    ):
        recognized(tensors)


def test_numbers_that_are_none_are_refused():
    tensors = checkpoint("reconet")
    tensors["res1.in1.bias"][0] = torch.nan
    with pytest.raises(StyleError, match=r"NaN in res1\.in1\.bias"):
        recognized(tensors)


def test_a_layout_that_is_asked_for_is_the_only_one():
    with pytest.raises(StyleError, match="Asked for was cartoongan"):
        recognized(checkpoint("reconet"), "cartoongan")
    with pytest.raises(StyleError, match="no layout called 'cyclegann'; known: cyclegan-resnet"):
        recognized(checkpoint("reconet"), "cyclegann")
    with pytest.raises(StyleError, match="carries no vidstyle card"):
        recognized(checkpoint("reconet"), "vidstyle")


@pytest.mark.parametrize(
    ("shapes", "what"),
    [
        ({"fnet.conv1.weight": (32, 3, 7, 7), "update_block.flow.weight": (2, 8, 3, 3)}, "RAFT"),
        ({"features.0.weight": (64, 3, 3, 3)}, "a VGG"),
        ({"conv0.weight": (3, 3, 1, 1), "conv11_aux.weight": (64, 24, 1, 1)}, "distilled VGG"),
        ({"0.weight": (3, 3, 1, 1), "2.weight": (64, 3, 3, 3)}, "normalised VGG"),
        ({"model.0.weight": (64, 3, 4, 4), "model.11.weight": (1, 512, 4, 4)}, "PatchGAN"),
        ({"net.0.weight": (64, 3, 1, 1), "net.5.weight": (1, 128, 1, 1)}, "PixelGAN"),
        ({"1.weight": (64, 128, 3, 3), "5.weight": (3, 64, 3, 3)}, "decoder"),
        ({"layer.weight": (10, 3, 3, 3), "fc.weight": (9, 9)}, "no picture"),
    ],
)
def test_what_is_no_generator_is_called_by_its_name(shapes, what):
    with pytest.raises(StyleError, match=what):
        recognized({key: torch.zeros(shape) for key, shape in shapes.items()})


def test_a_half_precision_checkpoint_is_taken_as_float32(tmp_path):
    halves = {key: value.half() for key, value in checkpoint("cartoongan").items()}
    save_file(halves, tmp_path / "half.safetensors")
    found = recognize(read_checkpoint(tmp_path / "half.safetensors"))
    assert {value.dtype for value in found.state.values()} == {torch.float32}
