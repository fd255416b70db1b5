import subprocess
import sys
from pathlib import Path

import pytest
import torch

from vidstyle.backends import BACKENDS, Execution
from vidstyle.backends.converting import CACHE_VARIABLE
from vidstyle.errors import DeviceError, PluginError
from vidstyle.networks import ResnetGenerator

openvino = pytest.importorskip("vidstyle.backends.openvino")
CPU = torch.device("cpu")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    return tmp_path / "networks"


def small() -> ResnetGenerator:
    torch.manual_seed(0)
    return ResnetGenerator(width=4, blocks=1, norm="none")


def test_the_second_time_a_network_comes_from_disk(folder: Path, monkeypatch: pytest.MonkeyPatch):
    images = torch.rand(1, 3, 32, 48)
    first = BACKENDS.get("openvino")(small(), CPU, "auto")(images)
    monkeypatch.setattr(openvino, "_translated", lambda *_: pytest.fail("translated again"))
    assert torch.equal(BACKENDS.get("openvino")(small(), CPU, "auto")(images), first)
    (kept,) = folder.iterdir()
    assert (kept / "model.xml").is_file()


def test_a_damaged_network_on_disk_is_removed_and_said(folder: Path):
    BACKENDS.get("openvino")(small(), CPU, "auto")
    (kept,) = folder.iterdir()
    (kept / "model.xml").write_text("<net")
    with pytest.raises(DeviceError, match="damaged"):
        BACKENDS.get("openvino")(small(), CPU, "auto")
    assert not kept.exists()
    BACKENDS.get("openvino")(small(), CPU, "auto")(torch.rand(1, 3, 16, 16))


def test_only_so_many_sizes_are_compiled_at_once():
    run = BACKENDS.get("openvino")(small(), CPU, "auto")
    for width in (16, 20, 24, 28, 32, 16):
        assert run(torch.rand(1, 3, 16, width)).shape == (1, 3, 16, width)
    assert len(run._requests) == openvino._SIZES
    assert (3, 16, 16) in run._requests


def test_a_picture_that_does_not_fit_is_drawn_by_torch_in_tiles(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("vidstyle.backends.torch._SMALL", 64 * 64)
    monkeypatch.setattr("vidstyle.backends.torch.free_memory", lambda _: 2**20)
    run = BACKENDS.get("openvino")(small(), CPU, "auto")
    images = torch.rand(1, 3, 256, 320)
    with torch.inference_mode():
        assert torch.allclose(run(images), small().eval()(images), atol=1e-4)
    assert not run._requests


def test_openvino_reports_to_nobody():
    told = "import vidstyle.backends.openvino, sys; sys.exit('openvino_telemetry' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told], check=False).returncode == 0


def test_int8_without_nncf_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "nncf", None)
    with pytest.raises(PluginError, match=r"vidstyle\[openvino,int8\]"):
        BACKENDS.get("openvino")(small(), CPU, "auto", Execution("int8", examples=lambda: [torch.rand(1, 3, 64, 64)]))


INTERRUPTED = """
import faulthandler, gc, os, signal, torch
faulthandler.enable()  # signals have a stack of their own, as under pytest
from vidstyle.backends import BACKENDS
from vidstyle.networks import ResnetGenerator

images = torch.rand(1, 3, 32, 48)
runs = [BACKENDS.get("openvino")(ResnetGenerator(width=4, blocks=1, norm="none"), torch.device("cpu"), "auto")
        for _ in range(2)]
for run in runs:
    run(images)
while runs:
    del run
    run = runs.pop(0)
del run
gc.collect()
try:
    os.kill(os.getpid(), signal.SIGINT)
    [None for _ in range(1000)]
except KeyboardInterrupt:
    print("unwound")
"""


def test_ctrl_c_still_unwinds_after_networks_came_and_went(folder: Path):
    # A shell's `&` starts what it starts with SIGINT ignored.
    script = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n" + INTERRUPTED
    ended = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True, timeout=300)
    assert (ended.returncode, ended.stdout) == (0, "unwound\n"), ended.stderr
