"""Memory does not grow with the length of the clip."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.clips import make_clip

PEAK = """
import sys
from pathlib import Path
import torch
from tests.media.evidence import copy_clip
torch.set_num_threads(1)
copy_clip(Path(sys.argv[1]), Path(sys.argv[2]), encoder="x264", speed="ultrafast")
# Not ru_maxrss, which a child has from the process that it was split from.
print(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")))
"""


def peak_kilobytes(source, target):
    root = Path(__file__).parents[2]
    ended = subprocess.run(
        [sys.executable, "-c", PEAK, source, target], cwd=root, check=True, capture_output=True, text=True, timeout=300
    )
    return int(ended.stdout)


@pytest.mark.slow
def test_a_thousand_frames_need_no_more_memory_than_a_hundred(tmp_path):
    """Kept as RGB, the 900 frames between would be 1 GB, as planes 130 MB; 5 % of the program is about 30 MB."""
    peaks = []
    for count in (100, 1000):
        source = make_clip(
            tmp_path / f"{count}.mp4", frames=count, width=384, height=256, options={"preset": "ultrafast"}
        )
        peaks.append(peak_kilobytes(source, tmp_path / f"{count}.out.mp4"))
    assert peaks[1] < 1.05 * peaks[0]
