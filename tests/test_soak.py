"""Many shots in one process: what each opens, it closes."""

import sys
from pathlib import Path

import pytest

from tests.benchmarks.soak import soak


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="handles are counted in /proc")
def test_handles_and_threads_stay_the_same_and_memory_nearly(tmp_path: Path):
    rows = list(soak(tmp_path, 24))
    settled = rows[8:]
    assert {row.handles for row in settled} == {settled[0].handles}
    # A library may start one of its own late; one that a shot leaves behind would be there sixteen times.
    assert settled[-1].threads - settled[0].threads <= 1
    assert {row.temporary for row in rows[1:]} == {2}
    # A leak of one picture of this size a shot would be 1 MiB over these; allocators wander by some.
    assert settled[-1].mebibytes - settled[0].mebibytes < 30
