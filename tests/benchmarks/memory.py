"""Memory over a clip's length: the peak of renders of 1,000 and of 10,000 small frames, each in a process of its own.

    python -m tests.benchmarks.memory > tests/benchmarks/results/memory.txt

The peak is VmHWM: the most memory that the process itself had at once. The style is a small untrained network, so that
motion, generator and blend all run; at strength 0 there is only decoding and encoding.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.clips import make_clip
from tests.styles import save_small_style

LENGTHS = (1_000, 10_000)
RENDER = """
import sys
from pathlib import Path
from vidstyle import Shot, render_shot
from vidstyle.config import load_config
source, target, style, strength = sys.argv[1:]
flags = {"style": style, "device": "cpu", "blend.strength": float(strength), "encode.speed": "ultrafast"}
report = render_shot(Shot(Path(source)), Path(target), load_config(flags=flags))
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(report.written, round(int(peak.split()[1]) / 1024), round(report.fps, 1))
"""


def main() -> None:
    print("frames   strength   peak, MiB    fps")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_small_style(folder / "small")
        for frames in LENGTHS:
            source = make_clip(
                folder / f"{frames}.mp4", frames=frames, width=64, height=48, cuts=tuple(range(200, frames, 200)),
                options={"preset": "ultrafast"},
            )  # fmt: skip
            for strength in (0, 1):
                written, peak, speed = render(source, folder / f"{frames}-{strength}.mp4", folder / "small", strength)
                print(f"{written:>6}   {strength:>8}   {peak:>9}   {speed:>4}", flush=True)


def render(source: Path, target: Path, style: Path, strength: float) -> list[str]:
    """Frames written, peak in MiB, frames a second."""
    command = [sys.executable, "-c", RENDER, str(source), str(target), str(style), str(strength)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


if __name__ == "__main__":
    main()
