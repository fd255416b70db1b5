import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from vidstyle.errors import TargetBusyError
from vidstyle.media import lock as locking
from vidstyle.media.lock import TargetLock


def lock_of(target: Path) -> Path:
    return target.parent / f".{target.name}.lock"


def left_by(target: Path, **changed: object) -> None:
    """Put a lock there as another worker would have left it."""
    with TargetLock(target):
        told = json.loads(lock_of(target).read_text())
    lock_of(target).write_text(json.dumps(told | changed))


def is_held(target: Path) -> bool:
    try:
        with TargetLock(target):
            return False
    except TargetBusyError:
        return True


def test_a_target_is_held_until_the_context_is_left(tmp_path: Path):
    target = tmp_path / "a.mp4"
    with TargetLock(target):
        with pytest.raises(TargetBusyError, match=f"another process.*process {os.getpid()} on") as caught:
            TargetLock(target).__enter__()
        assert caught.value.exit_code == 75
        assert not is_held(tmp_path / "b.mp4")
        assert [path.name for path in tmp_path.iterdir()] == [".a.mp4.lock"]
    assert not is_held(target)
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_was_killed_holds_nothing(tmp_path: Path):
    code = (
        "import os, signal, sys; from pathlib import Path; from vidstyle.media.lock import TargetLock\n"
        "TargetLock(Path(sys.argv[1])).__enter__(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.mp4")], check=False)
    assert lock_of(tmp_path / "a.mp4").exists()
    assert not is_held(tmp_path / "a.mp4")


@pytest.mark.parametrize("host", ["render07.farm.example", "render-07"])
def test_what_a_dead_holder_left_half_written_goes_with_its_lock(tmp_path: Path, host: str):
    left_by(tmp_path / "a.mp4", host=host, pid=17)
    os.utime(lock_of(tmp_path / "a.mp4"), (0, 0))
    short = host.partition(".")[0].replace("-", "_")
    (tmp_path / f".a.mp4.{short}-17.part").touch()
    others = [tmp_path / name for name in (f".a.mp4.{short}-18.part", f".b.mp4.{short}-17.part", "a.mp4")]
    for path in others:
        path.touch()
    assert not is_held(tmp_path / "a.mp4")
    assert set(tmp_path.iterdir()) == set(others)


def test_another_process_with_the_same_number_is_another(tmp_path: Path):
    left_by(tmp_path / "a.mp4", started="1")
    assert not is_held(tmp_path / "a.mp4")


@pytest.mark.parametrize("other", [{"host": "render07"}, {"space": "another container"}], ids=str)
def test_a_worker_elsewhere_is_alive_as_long_as_it_gives_signs(tmp_path: Path, other: dict[str, str]):
    left_by(tmp_path / "a.mp4", pid=1, **other)
    assert is_held(tmp_path / "a.mp4")
    long_ago = time.time() - 1000
    os.utime(lock_of(tmp_path / "a.mp4"), (long_ago, long_ago))
    assert not is_held(tmp_path / "a.mp4")


def test_a_lock_that_can_not_be_read_is_respected_while_it_is_new(tmp_path: Path):
    lock_of(tmp_path / "a.mp4").write_text("")
    assert is_held(tmp_path / "a.mp4")
    os.utime(lock_of(tmp_path / "a.mp4"), (0, 0))
    assert not is_held(tmp_path / "a.mp4")


def test_a_holder_gives_signs_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(locking, "_BEAT", 0.01)
    with TargetLock(tmp_path / "a.mp4"):
        os.utime(lock_of(tmp_path / "a.mp4"), (0, 0))
        for _ in range(500):
            if lock_of(tmp_path / "a.mp4").stat().st_mtime > 0:
                break
            time.sleep(0.01)
        assert lock_of(tmp_path / "a.mp4").stat().st_mtime > 0


@pytest.mark.parametrize("links", [True, False])
def test_of_many_who_find_a_dead_lock_one_gets_it(tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch):
    if not links:  # as on file systems that know none

        def refuse(*_names: object) -> None:
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
    target, inside, most = tmp_path / "a.mp4", [0], [0]
    left_by(target, started="1")
    guard, begin = threading.Lock(), threading.Barrier(8)
    got = []

    def contend() -> None:
        begin.wait()
        try:
            with TargetLock(target):
                with guard:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                got.append(True)
                time.sleep(0.05)
                with guard:
                    inside[0] -= 1
        except TargetBusyError:
            pass

    threads = [threading.Thread(target=contend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got
    assert most == [1]
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written_the_writer_has_the_word(tmp_path: Path):
    with TargetLock(tmp_path / "absent" / "a.mp4"):
        pass
