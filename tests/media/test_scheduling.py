import os
import threading
from pathlib import Path

import pytest

from tests.clips import make_clip
from vidstyle.media import ClipReader, ClipWriter, EncodeConfig, opens
from vidstyle.media.scheduling import usual_scheduling

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="only Linux tells")


def policies() -> set[int]:
    """Those of all threads of this process."""
    return {os.sched_getscheduler(int(entry.name)) for entry in Path("/proc/self/task").iterdir()}


def test_threads_go_back_to_what_they_were():
    stop = threading.Event()
    with usual_scheduling():
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        thread = threading.Thread(target=stop.wait)
        thread.start()
        assert policies() >= {os.SCHED_BATCH}
    assert policies() == {os.SCHED_OTHER}
    stop.set()
    thread.join()


def test_an_encoder_makes_nothing_real_time(tmp_path: Path):
    """As root SVT-AV1 would; for others it has no way to."""
    if not opens("av1"):
        pytest.skip("this FFmpeg has no SVT-AV1")
    source, seen = make_clip(tmp_path / "a.mkv", frames=3), set[int]()
    with (
        ClipReader(source) as reader,
        ClipWriter(tmp_path / "b.mkv", like=reader.info, config=EncodeConfig(encoder="av1")) as writer,
    ):

        def watched():
            for batch in reader.frames():
                seen.update(policies())  # while the encoder and its threads are there
                yield batch

        writer.write(watched(), reader.packets())
    assert seen | policies() == {os.SCHED_OTHER}
