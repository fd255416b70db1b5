import os
import signal
import time
from collections.abc import Iterator

import pytest

from vidstyle.stopping import Stopped, heed_signals, is_asked, patience, stop_if_asked


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    heed_signals()
    yield
    for number, before in kept.items():
        signal.signal(number, before)


def send(number: int) -> None:
    os.kill(os.getpid(), number)
    time.sleep(0.01)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_is_an_exception(number: int, code: int):
    with pytest.raises(Stopped) as caught:
        send(number)
    assert caught.value.code == code


def wait_for_sigterm(note: str = "") -> None:
    with patience(60):
        stop_if_asked()
        send(signal.SIGTERM)
        assert is_asked()
        stop_if_asked(note)


def test_sigterm_waits_for_a_good_moment():
    with pytest.raises(Stopped, match="SIGTERM; 3 frames are kept") as caught:
        wait_for_sigterm("3 frames are kept")
    assert caught.value.code == 143
    assert not is_asked()


def go_on_for_long(seconds: float) -> None:
    with patience(seconds):
        send(signal.SIGTERM)
        time.sleep(30)


def test_sigterm_does_not_wait_for_ever():
    with pytest.raises(Stopped, match="SIGTERM") as caught:
        go_on_for_long(0.05)
    assert caught.value.code == 143


def test_ctrl_c_does_not_wait():
    with pytest.raises(Stopped) as caught, patience(60):
        send(signal.SIGINT)
    assert caught.value.code == 130


def test_a_second_sigterm_ends_the_patience():
    with patience(60):
        send(signal.SIGTERM)
        with pytest.raises(Stopped):
            send(signal.SIGTERM)
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_who_comes_through_all_the_same_is_stopped_before_the_next():
    with patience(60):
        send(signal.SIGTERM)
    with pytest.raises(Stopped), patience(60):
        pytest.fail("this must not begin")
