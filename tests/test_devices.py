from contextvars import copy_context
from threading import Thread

import cv2
import pytest
import torch

from vidstyle.devices import all_cores, cores, keep_to, resolve_device, shared_cores
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


def test_stages_share_the_cores_and_networks_take_them_all(monkeypatch: pytest.MonkeyPatch):
    before, planes = torch.get_num_threads(), cv2.getNumThreads()
    found: list[int] = []

    def stage() -> None:
        found.append(torch.get_num_threads())
        with all_cores():
            found.append(torch.get_num_threads())
        found.append(torch.get_num_threads())

    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    try:
        keep_to(8)
        with shared_cores():
            assert (torch.get_num_threads(), cv2.getNumThreads()) == (2, min(2, planes))
            thread = Thread(target=copy_context().run, args=(stage,))
            thread.start()
            thread.join()
        assert found == [2, 8, 2]
        assert (torch.get_num_threads(), cv2.getNumThreads()) == (8, planes)
        with all_cores():
            assert torch.get_num_threads() == 8
    finally:
        torch.set_num_threads(before)


def test_a_process_kept_to_some_cores_has_no_more(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "")
    before = torch.get_num_threads()
    try:
        keep_to(1)
        assert cores() == 1
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_the_last_of_several_renders_gives_opencv_its_threads_back():
    before = cv2.getNumThreads()
    first, second = shared_cores(), shared_cores()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert cv2.getNumThreads() <= before
    second.__exit__(None, None, None)
    assert cv2.getNumThreads() == before
