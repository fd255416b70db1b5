"""Who may be killed when, and what that costs: `python -m tests.benchmarks.kills`.

A shot is rendered in chunks and joined, and a list of shots by `batch`; each is stopped by SIGKILL or SIGTERM at its
start, in the middle of a segment, at the last frames and while parts are joined, then run again with the same command.
Told is how it ended, how many finished frames were kept and how many had to be rendered again, what was left behind,
and whether the second run ends well, with its result there and nothing else beside it. That the frames are those of an
uninterrupted run is for tests/test_resume.py.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.clips import make_clip
from tests.styles import save_small_style

FRAMES = 80
_POLL = 0.01  # seconds


@dataclass(frozen=True)
class Case:
    """One command, and where it is stopped."""

    what: str
    command: list[str]
    moment: str
    is_there: Callable[[], bool]
    target: Path


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--what", default="chunk,join,batch", help="names with commas between")
    options = parser.parse_args()
    frames, makers = options.frames, {"chunk": chunk_cases, "join": join_cases, "batch": batch_cases}
    print(f"{frames} frames of 160x96 on the CPU, a point to go on from every half second")
    print("what       stopped                 by       exit  kept  again  left behind        result")
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        save_small_style(top / "small")
        source = make_clip(top / "a.mov", frames=frames, width=160, height=96)
        (top / "shots.csv").write_text(f"shot,source,in,out\ns1,a.mov,0,{frames - 1}\n")
        for number in (signal.SIGKILL, signal.SIGTERM):
            for name in options.what.split(","):
                for case in makers[name](top / f"{number.name}-{name}", source, frames):
                    tell(case, number)


def chunk_cases(folder: Path, source: Path, frames: int) -> list[Case]:
    """A chunk, stopped at three moments, each in a folder of its own."""
    cases = []
    for moment, sign in (("start", ".lock"), ("middle of a segment", "manifest"), ("last frames", "last")):
        here = folder / moment.replace(" ", "_")
        here.mkdir(parents=True)
        out = here / "b.mov"
        target = here / f"b.1001-{1000 + frames // 2}.mov"
        command = [
            "stylize", str(source), "-o", str(out), "--frame-range", f"1001-{1000 + frames // 2}", *settings(source)
        ]  # fmt: skip
        cases.append(Case("chunk", command, moment, watch(target, sign, frames // 2), target))
    return cases


def join_cases(folder: Path, source: Path, frames: int) -> list[Case]:
    """The joining of two chunks, stopped while it writes."""
    folder.mkdir(parents=True)
    out = folder / "b.mov"
    for part in ("1/2", "2/2"):
        run(["stylize", str(source), "-o", str(out), "--chunk", part, *settings(source)])
    return [Case("join", ["join", "-o", str(out)], "joining", lambda: any(folder.glob(".b.mov.*")), out)]


def batch_cases(folder: Path, source: Path, frames: int) -> list[Case]:
    """A batch of one shot, stopped at two moments."""
    cases = []
    for moment, sign in (("start", ".lock"), ("middle of a segment", "manifest")):
        out = folder / moment.replace(" ", "_")
        out.mkdir(parents=True)
        target = out / "b.mov"
        command = [
            "batch",
            str(source.parent / "shots.csv"),
            "-o",
            str(out),
            "--name",
            "b.mov",
            "--no-review",
            "--no-trial",
        ]
        cases.append(Case("batch", [*command, *settings(source)], moment, watch(target, sign, frames), target))
    return cases


def settings(source: Path) -> list[str]:
    """What all renders have in common."""
    style = source.parent / "small"
    options = ["--style", str(style), "--encoder", "prores", "--set", "work.every=0.5", "--device", "cpu"]
    return [*options, "--json"]


def watch(target: Path, sign: str, frames: int) -> Callable[[], bool]:
    """Tell when a moment has come."""
    work = target.parent / f".{target.name}.vidstyle"

    def is_there() -> bool:
        if sign == ".lock":
            return (target.parent / f".{target.name}.lock").exists()
        kept = kept_frames(work)
        return kept >= (frames - 8 if sign == "last" else 4)

    return is_there


def kept_frames(work: Path) -> int:
    """How many frames a work folder holds."""
    try:
        manifest = json.loads((work / "manifest.json").read_text())
    except (OSError, ValueError):
        return 0
    return sum(len(segment["pts"]) for segment in manifest.get("segments", []))


def tell(case: Case, number: signal.Signals) -> None:
    """Stop it, run it again, and print what that was."""
    code = stopped(case, number)
    kept = kept_frames(case.target.parent / f".{case.target.name}.vidstyle")
    left = sorted(path.suffix for path in case.target.parent.glob(".*"))
    before = case.target.exists()
    again = run(case.command)
    resumed, written = counts(again.stdout)
    rest = [path.name for path in case.target.parent.glob(".*")]
    good = again.returncode == 0 and case.target.exists() and not rest
    told = "whole at once" if before else "whole" if good else f"WRONG: {again.stderr[-300:]}"
    print(
        f"{case.what:10} {case.moment:23} {number.name:8} {code:4}  {kept:4}  {written - resumed:5}  "
        f"{' '.join(left) or 'nothing':18} {told}",
        flush=True,
    )


def stopped(case: Case, number: signal.Signals) -> int:
    """Run a command until its moment, stop it, and give its exit code."""
    with subprocess.Popen(program(case.command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not case.is_there():
            time.sleep(_POLL)
        process.send_signal(number)
        return process.wait()


def counts(text: str) -> tuple[int, int]:
    """How many frames a run took over, and how many its result has."""
    for line in reversed(text.splitlines()):
        told = json.loads(line) if line.startswith("{") else {}
        report = told.get("report") or {}
        if "written" in report:
            return report["resumed"], report["written"]
    return 0, 0


def run(words: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(program(words), capture_output=True, text=True, check=False)


def program(words: list[str]) -> list[str]:
    """The program of this checkout."""
    return [sys.executable, "-m", "vidstyle", *words]


if __name__ == "__main__":
    main()
