"""Every difficult file: a right clip, or one clear line with the right exit code; never a crash, a hang or a leftover.

    python -m tests.benchmarks.torture [--out FILE] [--ink N] FOLDER ...

Each file is rendered at strength 0, all of it where it is short, else its first 24 frames; every Nth also with ink, and
those that are refused as interlaced also with --deinterlace bwdif.
A result is right where it has as many frames as were decoded and every timestamp of the source, as PyAV tells.
"""

import argparse
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path

import av

from tests.benchmarks.child import Child, Ended, leftovers
from vidstyle.errors import ClipError
from vidstyle.media import ClipInfo, probe
from vidstyle.report import RenderReport, read_report

FRAMES = 24
SECONDS = 180.0
CLIPS = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".flv", ".gif", ".3gp", ".mxf", ".m4v"}
NOT_INTO_THIS = 73


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, help="write the table here as well")
    parser.add_argument("--ink", type=int, default=10, help="render every Nth with ink too; 0: none")
    options = parser.parse_args()
    files = sorted(f for folder in options.folders for f in folder.iterdir() if f.suffix.lower() in CLIPS)
    lines, wrong = [], 0
    with Child() as child:
        for number, file in enumerate(files):
            for line, right in renders(child, file, ink=bool(options.ink and number % options.ink == 0)):
                wrong += not right
                lines.append(line)
                print(line, flush=True)
    lines.append(f"{len(files)} files, {len(lines)} renders, {wrong} wrong")
    print(lines[-1])
    if options.out:
        options.out.write_text("\n".join(lines) + "\n")


def renders(child: Child, file: Path, *, ink: bool) -> Iterator[tuple[str, bool]]:
    """Render one file in all the ways that are asked for; an interlaced one, which is refused, once more whole."""
    first = tried(child, file, ink=False)
    yield first
    if "is interlaced" in first[0]:
        yield tried(child, file, ink=False, whole=True)
    if ink:
        yield tried(child, file, ink=True, whole="is interlaced" in first[0])


def tried(child: Child, file: Path, *, ink: bool, whole: bool = False) -> tuple[str, bool]:
    """Render one file; gives its line of the table, and whether all is as promised."""
    info = known(file)
    short = info is not None and (info.video.frames or FRAMES + 1) <= FRAMES
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for suffix in suffixes(file, info):
            target, report = folder / f"out{suffix}", folder / "report.json"
            arguments = ["stylize", str(file), "-o", str(target), "--report", str(report), "--device", "cpu"]
            arguments += ["--set", "encode.speed=ultrafast"] if suffix != ".mkv" else ["--encoder", "ffv1"]
            arguments += ["--deinterlace", "bwdif"] if whole else []
            arguments += [] if ink else ["--strength", "0"]
            arguments += [] if short and not ink else ["--frames", f"0-{4 if ink else FRAMES}"]
            ended = child.run(arguments, seconds=SECONDS)
            if ended.code != NOT_INTO_THIS:
                break
        came, right = judged(ended, file, target, report)
        left = leftovers(folder, target, report) if ended.code == 0 else leftovers(folder)
    seen = f"{info.video.codec} {info.video.width}x{info.video.height} {info.video.pix_fmt}" if info else "-"
    right = right and not left
    what = f"{came}{f'; LEFT BEHIND {left}' if left else ''}"
    mark = "ok   " if right else "WRONG"
    return f"{mark} {ended.code!s:>4}  {file.name:60} {'ink' if ink else 's0':3} {seen:34} {what}", right


def judged(ended: Ended, file: Path, target: Path, report: Path) -> tuple[str, bool]:
    if not ended.is_clean:
        return " | ".join(ended.output.splitlines()[-2:])[:300], False
    if ended.code:
        return ended.lines[0].removeprefix("vidstyle: ").replace(str(file), file.name), True
    made = read_report(report)
    source, result = times(file, made.written), times(target, None)
    frames = f"{made.written} of {made.decoded} frames into {target.suffix}"
    converted = [each for each in made.warnings if each.startswith("audio") and "is converted to" in each]
    notes = f", {len(converted)} sound converted" if converted else ""
    notes += ", deinterlaced" if any("were deinterlaced" in each for each in made.warnings) else ""
    notes += f", {len(made.warnings)} warnings" if made.warnings else ""
    if made.written != made.decoded or len(result) != made.written:
        return f"{frames}, but {len(result)} are in it", False
    return f"{frames}, {kept(source, result, made)}{notes}", not kept(source, result, made).startswith("NOT")


def kept(source: list[Fraction | None], result: list[Fraction | None], made: RenderReport) -> str:
    if any("timestamps were missing or went back" in warning for warning in made.warnings):
        return "timestamps repaired"
    if any("timed by their order" in warning for warning in made.warnings):
        steps = {later - earlier for earlier, later in pairwise(each for each in result if each is not None)}
        even = bool(steps) and max(steps) - min(steps) <= Fraction(1, 1000)
        return "timed evenly" if even else f"NOT timed evenly: {sorted(map(float, steps))}"
    if source == result:
        return "every pts equal"
    known = [(a, b) for a, b in zip(source, result, strict=False) if a is not None and b is not None]
    worst = max((abs(a - b) for a, b in known), default=Fraction(0))
    if len(known) == len(result) and worst <= Fraction(1, 1000) and made.target.suffix == ".mkv":
        return "every pts equal, in whole ms"
    return f"NOT the source's pts: up to {float(worst):.4f} s away, {len(source)} and {len(result)}"


def times(clip: Path, count: int | None) -> list[Fraction | None]:
    """Each decoded frame's time; a packet that can't be decoded gives none."""
    return list(islice(_times(clip), count))


def _times(clip: Path) -> Iterator[Fraction | None]:
    with av.open(f"file:{clip.absolute()}") as container:
        stream = next(s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic)
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue
            yield from (None if frame.pts is None else frame.pts * frame.time_base for frame in frames)


def known(file: Path) -> ClipInfo | None:
    try:
        return probe(file)
    except ClipError:
        return None


def suffixes(file: Path, info: ClipInfo | None) -> list[str]:
    """The containers to try: the source's own first."""
    own = file.suffix.lower() if file.suffix.lower() in (".mp4", ".mov") else ".mkv"
    if info is not None and "mov" not in info.container:
        own = ".mkv"
    return [own, *(other for other in (".mkv", ".mov") if other != own)]


if __name__ == "__main__":
    main()
