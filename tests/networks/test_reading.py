import io
import json
import pickle
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.networks.checkpoints import checkpoint
from vidstyle.errors import StyleError
from vidstyle.networks import build_generator
from vidstyle.networks.checkpoints.reading import Checkpoint, read_checkpoint
from vidstyle.networks.checkpoints.recognizing import recognize

WEIGHTS = checkpoint("pytorch-fast-style")


def same(found, expected=WEIGHTS) -> bool:
    return found.keys() == expected.keys() and all(torch.equal(found[key], expected[key]) for key in expected)


@pytest.mark.parametrize("wrapped", [WEIGHTS, {"model": WEIGHTS, "epoch": 3}, {"state_dict": {"net": WEIGHTS}}])
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "module._orig_mod.", "netG."])
def test_wrappers_and_prefixes_are_taken_off(tmp_path, wrapped, prefix):
    def prefixed(value):
        if value is WEIGHTS:
            return {prefix + key: tensor for key, tensor in WEIGHTS.items()}
        return {key: prefixed(each) for key, each in value.items()} if isinstance(value, dict) else value

    torch.save(prefixed(wrapped), tmp_path / "a.pth")
    found = read_checkpoint(tmp_path / "a.pth")
    assert same(found.tensors)
    told = " ".join(found.notes)
    assert ("stripped" in told) == bool(prefix)
    assert ("taken from" in told) == (wrapped is not WEIGHTS)


def test_what_a_wrapper_holds_besides_is_named(tmp_path):
    torch.save({"model": WEIGHTS, "epoch": 3, "loss": 0.5}, tmp_path / "a.pth")
    assert read_checkpoint(tmp_path / "a.pth").notes == ("taken from its 'model', left out: epoch, loss",)


def test_the_one_network_of_a_training_is_found_and_of_several_none_is_guessed(tmp_path):
    torch.save({"weights_of_mine": WEIGHTS, "optimizer": {"state": {}, "lr": 0.1}}, tmp_path / "a.pth")
    assert same(read_checkpoint(tmp_path / "a.pth").tensors)
    torch.save({"G_A": WEIGHTS, "G_B": WEIGHTS}, tmp_path / "a.pth")
    with pytest.raises(StyleError, match=r"several networks, G_A, G_B; save the generator's alone$"):
        read_checkpoint(tmp_path / "a.pth")


def test_safetensors_are_read(tmp_path):
    save_file(WEIGHTS, tmp_path / "a.safetensors")
    assert same(read_checkpoint(tmp_path / "a.safetensors").tensors)


@pytest.mark.slow
def test_torchscript_is_read_without_running_it(tmp_path):
    found = recognize_pytorch()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.trace(found, torch.rand(1, 3, 16, 16)).save(str(tmp_path / "a.pt"))
    read = read_checkpoint(tmp_path / "a.pt")
    assert read.kind == "TorchScript"
    assert same(read.tensors, found.state_dict())


def recognize_pytorch():

    known = recognize(Checkpoint(Path("a"), "state dict", WEIGHTS))
    generator = build_generator(known.generator).eval()
    generator.load_state_dict(known.state)
    return generator


def test_a_torchscript_archive_with_a_hostile_pickle_is_refused_and_not_run(tmp_path):
    path, mark = tmp_path / "a.pt", tmp_path / "ran"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", pickle.dumps(Hostile(mark)))
        archive.writestr("a/constants.pkl", b"")
    with pytest.raises(StyleError, match=r"wants to run (pathlib|posix|os|builtins|_io|io)"):
        read_checkpoint(path)
    assert not mark.exists()


class Hostile:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return open, (str(self.mark), "w")


def test_a_hostile_pickle_would_run_elsewhere_and_does_not_run_here(tmp_path):
    path, mark = tmp_path / "a.pth", tmp_path / "ran"
    torch.save({"weight": Hostile(mark)}, path)
    with pytest.raises(StyleError, match=r"code in a checkpoint is never run"):
        read_checkpoint(path)
    assert not mark.exists()
    torch.load(path, weights_only=False)["weight"].close()  # it is hostile indeed
    assert mark.exists()


def test_a_bare_hostile_pickle_does_not_run_either(tmp_path):
    path, mark = tmp_path / "a.pth", tmp_path / "ran"
    path.write_bytes(pickle.dumps(Hostile(mark)))
    with pytest.raises(StyleError):
        read_checkpoint(path)
    assert not mark.exists()


def test_a_whole_pickled_network_is_refused(tmp_path):
    torch.save(torch.nn.Conv2d(3, 3, 3), tmp_path / "a.pth")
    with pytest.raises(StyleError, match=r"Conv2d|never run"):
        read_checkpoint(tmp_path / "a.pth")


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
@pytest.mark.parametrize("share", [0, 0.3, 0.9])
def test_a_truncated_file_is_refused(tmp_path, suffix, share):
    path = tmp_path / f"a.{suffix}"
    save_file(WEIGHTS, path) if suffix == "safetensors" else torch.save(WEIGHTS, path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(StyleError, match=r"can't be read|was not loaded"):
        read_checkpoint(path)


def test_what_is_absent_empty_or_no_weights_is_refused(tmp_path):
    torch.save({"epoch": 3}, tmp_path / "empty.pth")
    (tmp_path / "text.pth").write_text("these are weights\n")
    torch.save([1, 2], tmp_path / "list.pth")
    for name in ("absent.pth", "empty.pth", "text.pth", "list.pth", "."):
        with pytest.raises(StyleError):
            read_checkpoint(tmp_path / name)
    with pytest.raises(StyleError, match="it is of no kind that is known; is it whole"):
        read_checkpoint(tmp_path / "text.pth")


def write_raw(folder: Path, tensors) -> None:
    folder.mkdir()
    entries = {key: {"filename": key, "shape": list(value.shape)} for key, value in tensors.items()}
    for key, value in tensors.items():
        (folder / key).write_bytes(value.numpy().astype("<f4").tobytes())
    (folder / "manifest.json").write_text(json.dumps(entries))


def as_tensorflow(tensors):
    return {key: v.permute(2, 3, 1, 0).contiguous() if v.dim() == 4 else v for key, v in tensors.items()}


@pytest.mark.parametrize("raw", [True, False])
def test_folders_of_tensorflow_kernels_are_turned(tmp_path, raw):
    weights = checkpoint("tensorflow-fast-style")
    folder = tmp_path / "wave"
    if raw:
        write_raw(folder, as_tensorflow(weights))
    else:
        folder.mkdir()
        for key, value in as_tensorflow(weights).items():
            np.save(folder / f"{key}.npy", value.numpy())
    found = read_checkpoint(folder)
    assert same(found.tensors, weights)
    assert "kernels turned" in found.notes[0]
    assert recognize(found).layout == "tensorflow-fast-style"


def test_a_manifest_that_leads_out_of_its_folder_is_refused(tmp_path):
    write_raw(tmp_path / "a", as_tensorflow(checkpoint("tensorflow-fast-style")))
    (tmp_path / "secret").write_bytes(bytes(16))
    entries = {"Variable": {"filename": "../secret", "shape": [4]}}
    (tmp_path / "a" / "manifest.json").write_text(json.dumps(entries))
    with pytest.raises(StyleError, match="outside the folder"):
        read_checkpoint(tmp_path / "a")


def test_a_raw_file_of_another_size_is_refused(tmp_path):
    write_raw(tmp_path / "a", as_tensorflow(checkpoint("tensorflow-fast-style")))
    (tmp_path / "a" / "Variable_1").write_bytes(bytes(4))
    with pytest.raises(StyleError, match=r"holds 1 numbers; manifest\.json says 4"):
        read_checkpoint(tmp_path / "a")


def test_arrays_of_objects_are_refused_and_not_unpickled(tmp_path):
    mark = tmp_path / "ran"
    (tmp_path / "a").mkdir()
    packed = io.BytesIO()
    np.save(packed, np.array([Hostile(mark)], dtype=object), allow_pickle=True)
    (tmp_path / "a" / "Variable.npy").write_bytes(packed.getvalue())
    with pytest.raises(StyleError):
        read_checkpoint(tmp_path / "a")
    assert not mark.exists()
