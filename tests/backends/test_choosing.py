import sys

import pytest
import torch

from vidstyle.backends import Execution
from vidstyle.backends.choosing import choose
from vidstyle.errors import PluginError
from vidstyle.networks import ResnetGenerator
from vidstyle.networks.recurrent import RecurrentResnet

CPU = torch.device("cpu")


def small() -> ResnetGenerator:
    torch.manual_seed(0)
    return ResnetGenerator(width=4, blocks=1)


def test_auto_is_openvino_on_the_cpu_and_torch_where_it_can_not_draw():
    pytest.importorskip("openvino")
    assert choose("auto", small(), CPU, "auto", Execution()).told.startswith("openvino")
    for generator, tile in ((small(), 64), (RecurrentResnet(width=4, blocks=1), "auto")):
        chosen = choose("auto", generator, CPU, tile, Execution())
        assert chosen.told.startswith("torch")
        assert not chosen.warning


def test_auto_is_torch_where_openvino_is_absent(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, "vidstyle.backends.openvino", raising=False)
    monkeypatch.setitem(sys.modules, "openvino", None)
    chosen = choose("auto", small(), CPU, "auto", Execution())
    assert chosen.told.startswith("torch")
    assert not chosen.warning
    with pytest.raises(PluginError, match=r"vidstyle\[openvino\]"):
        choose("openvino", small(), CPU, "auto", Execution())
    with pytest.raises(PluginError, match=r"vidstyle\[openvino\]"):
        choose("auto", small(), CPU, "auto", Execution("int8"))


@pytest.mark.parametrize("name", ["openvino", "onnx"])
def test_who_was_asked_for_and_can_not_is_replaced_with_one_line(name: str):
    chosen = choose(name, small(), CPU, 64, Execution())
    assert chosen.told.startswith("torch")
    assert chosen.warning == f"{name} can't draw this style, because only torch draws in tiles; torch does"


def test_int8_that_can_not_be_is_said():
    chosen = choose("auto", RecurrentResnet(width=4, blocks=1), CPU, "auto", Execution("int8"))
    assert chosen.told.endswith("fp32") or chosen.told.endswith("bf16")
    assert chosen.warning.startswith("int8 can't draw this style, because ")
