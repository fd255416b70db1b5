"""Damages small clips of every container at random: each must give a right clip or one clear line, and leave nothing.

    nice -n 19 python -m tests.benchmarks.fuzz --minutes M --seed S [--only N] [--keep FOLDER]

Case N of a seed is always the same. --only runs that one; --keep saves the files of the cases that went wrong.
"""

import argparse
import collections
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from tests.benchmarks.child import Child, leftovers
from tests.clips import make_clip
from tests.sequences import textures, write_pictures
from vidstyle.report import read_report

SECONDS = 60.0  # a case that takes longer hangs
FRAME = Fraction(1, 25)
SMALL = {"frames": 6, "width": 64, "height": 48}
KINDS: dict[str, dict[str, Any]] = {
    "mp4": {"audio": ("aac",)},
    "hevc.mp4": {"codec": "libx265", "options": {"x265-params": "log-level=none"}, "audio": ()},
    "mov": {"codec": "prores_ks", "pix_fmt": "yuv422p10le", "audio": ("pcm_s16le",), "timecode": "01:00:00:00"},
    "mkv": {"codec": "ffv1", "audio": ("flac",)},
    "webm": {"codec": "libvpx-vp9", "audio": ("libopus",), "options": {"cpu-used": "8"}},
    "avi": {"codec": "mpeg4", "audio": ("libmp3lame",), "time_base": FRAME},
    "ts": {"codec": "mpeg2video", "audio": ("mp2",), "time_base": FRAME},
    "flv": {"codec": "flv", "audio": ("aac",), "time_base": FRAME},
    "gif": {"codec": "gif", "pix_fmt": "rgb8", "audio": ()},
    "mxf": {"codec": "mpeg2video", "audio": (), "time_base": FRAME},
    "png": {},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    codes: collections.Counter[str] = collections.Counter()
    found: list[str] = []
    with tempfile.TemporaryDirectory() as name, Child() as child:
        clips = make_clips(Path(name))
        until = time.monotonic() + 60 * options.minutes
        number = options.only or 0
        while time.monotonic() < until:
            case = make_case(clips, random.Random(f"{options.seed}-{number}"), Path(name) / "case")
            code, problem = tried(child, case)
            codes[f"{case.kind} {code}"] += 1
            if problem:
                found.append(f"case {number} ({case.kind}, {case.how}): {problem}")
                print(found[-1], flush=True)
                if options.keep:
                    shutil.copytree(case.folder, options.keep / str(number), dirs_exist_ok=True)
            shutil.rmtree(case.folder)
            number += 1
            if options.only is not None:
                break
    for key, count in sorted(codes.items()):
        print(f"{count:6}  {key}")
    print(f"seed {options.seed}: {sum(codes.values())} cases, {len(found)} wrong")


@dataclass(frozen=True)
class Case:
    """One damaged clip, alone in its folder. `how` says what was done to it; `name` is what the command gets."""

    kind: str
    how: str
    folder: Path
    name: Path


def make_clips(folder: Path) -> dict[str, Path]:
    """A small clip of each kind; of the image sequence its folder."""
    found = {}
    for kind, settings in KINDS.items():
        place = folder / kind.replace(".", "-")
        place.mkdir()
        if kind == "png":
            write_pictures(place / "p.%04d.png", textures(4))
            found[kind] = place
        else:
            found[kind] = make_clip(place / f"a.{kind.rpartition('.')[2]}", **SMALL, **settings)
    return found


def make_case(clips: dict[str, Path], chance: random.Random, folder: Path) -> Case:
    kind = chance.choice(sorted(clips))
    folder.mkdir()
    if kind != "png":
        damaged, how = mutated(clips[kind].read_bytes(), chance)
        name = folder / clips[kind].name
        name.write_bytes(damaged)
        return Case(kind, how, folder, name)
    pictures = sorted(clips[kind].iterdir())
    hurt = chance.choice(pictures)
    told = ""
    for picture in pictures:
        damaged, how = mutated(picture.read_bytes(), chance) if picture == hurt else (picture.read_bytes(), "")
        told = told or how
        (folder / picture.name).write_bytes(damaged)
    return Case(kind, told, folder, folder / "p.%04d.png")


def mutated(clip: bytes, chance: random.Random) -> tuple[bytes, str]:
    """One to three wounds: bits, runs, lengths, gaps, repeats, or the end cut off."""
    wounds = list(_wounds(chance))
    for wound, at, size in wounds:
        place, length = int(at * len(clip)), max(1, int(size * len(clip)))
        clip = _wounded(clip, wound, place, length, chance)
    return clip, ", ".join(f"{wound} at {at:.3f}" for wound, at, _ in wounds)


def _wounds(chance: random.Random) -> Iterator[tuple[str, float, float]]:
    for _ in range(chance.randint(1, 3)):
        wound = chance.choice(["bits", "noise", "zeros", "ones", "length", "gap", "repeat", "cut"])
        yield wound, chance.random() ** chance.choice([1, 3]), chance.random() ** 4 * 0.3  # often in the header


def _wounded(clip: bytes, wound: str, at: int, length: int, chance: random.Random) -> bytes:
    if wound == "cut":
        return clip[: max(at, 1)]
    if wound == "bits":
        hurt = bytearray(clip)
        for _ in range(chance.randint(1, 40)):
            if hurt:
                hurt[chance.randrange(len(hurt))] ^= 1 << chance.randrange(8)
        return bytes(hurt)
    if wound == "length":  # sizes and counts are mostly 32 bits
        return (
            clip[:at]
            + chance.choice([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\1"])
            + clip[at + 4 :]
        )
    if wound == "gap":
        return clip[:at] + clip[at + length :]
    if wound == "repeat":
        return clip[: at + length] + clip[at:]
    fill = {"noise": chance.randbytes(length), "zeros": bytes(length), "ones": b"\xff" * length}[wound]
    return clip[:at] + fill + clip[at + length :]


def tried(child: Child, case: Case) -> tuple[object, str]:
    """Render a case at strength 0; gives its exit code, and what is wrong, if anything."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        target, report = folder / "out.mkv", folder / "r.json"
        arguments = ["stylize", str(case.name), "-o", str(target), "--strength", "0", "--encoder", "ffv1"]
        arguments += ["--report", str(report), "--device", "cpu", "--max-pixels", str(4096 * 4096)]
        ended = child.run(arguments, seconds=SECONDS)
        if not ended.is_clean:
            return ended.code, " | ".join(ended.output.splitlines()[-3:])[-400:]
        if ended.code:
            left = leftovers(folder)
            return ended.code, f"left behind {left}" if left else ""
        made = read_report(report)
        with av.open(str(target)) as container:
            count = sum(1 for _ in container.decode(video=0))
        left = leftovers(folder, target, report)
        if not made.decoded == made.written == count or left:
            return 0, f"{made.decoded} frames decoded, {made.written} written, {count} there, left behind {left}"
        return 0, ""


if __name__ == "__main__":
    main()
