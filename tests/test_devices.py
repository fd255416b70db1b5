import pytest
import torch

from vidstyle.devices import cores, resolve_device
from vidstyle.errors import ConfigError, DeviceError


def test_cpu_is_always_there():
    assert resolve_device("cpu") == torch.device("cpu")


def test_auto_takes_a_gpu_only_where_one_is():
    assert resolve_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


def test_an_absent_gpu_is_an_error_that_another_machine_may_mend():
    with pytest.raises(DeviceError, match="cuda:99") as caught:
        resolve_device("cuda:99")
    assert caught.value.exit_code == 75


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:-1", "cpu:0", ""])
def test_other_words_are_refused(name: str):
    with pytest.raises(ConfigError, match="auto, cpu, cuda or cuda:N"):
        resolve_device(name)


@pytest.mark.parametrize(("told", "expected"), [("1", 1), ("", cores()), ("100000", cores()), ("0", cores())])
def test_a_share_of_the_machine_is_no_more_than_was_told(monkeypatch: pytest.MonkeyPatch, told: str, expected: int):
    monkeypatch.setenv("OMP_NUM_THREADS", told)
    assert cores() == expected
