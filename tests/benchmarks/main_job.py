"""The main job on real clips: is everything kept, how fast, how much memory, and how still.

    python -m tests.benchmarks.main_job [--frames N] [--long N] [--style NAME] [--json FILE] CLIP ...

Every render runs in a process of its own, so that peak memory is that render's alone.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import platform
import resource
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import torch

from vidstyle import Shot, Span, load_config, render_shot
from vidstyle.measure import measure_clips
from vidstyle.media import ClipReader

Flags = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--style", default="ink")
    parser.add_argument("--frames", type=int, default=48, help="frames that stillness is measured on")
    parser.add_argument("--long", type=int, default=1000, help="frames of the long memory run; 0 leaves it out")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = [measure(clip, options.style, options.frames) for clip in options.clips]
    memory = peak_memory(options.clips[0], options.style, options.long) if options.long else {}
    for row in rows:
        print("\n".join(f"{key:24} {value}" for key, value in row.items()), end="\n\n")
    for name, mebibytes in memory.items():
        print(f"{name:24} {mebibytes:.0f} MiB")
    machine = {"cpu": processor(), "cores": os.cpu_count(), "torch": torch.__version__, "av": av.__version__}
    print("machine", machine)
    if options.json:
        options.json.write_text(json.dumps({"machine": machine, "clips": rows, "memory_mib": memory}, indent=2) + "\n")


def measure(clip: Path, style: str, frames: int) -> dict[str, Any]:
    """Render the whole clip once for what is kept and how fast, and `frames` of it losslessly for how still it is."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / clip.name
        report = alone(render, clip, target, style, {}, None)
        row = {
            "clip": clip.name,
            "frames in / out": f"{report['decoded']} / {report['written']}",
            "pts equal": times(clip) == times(target),
            "audio packets equal": f"{sound(clip) == sound(target)} ({sum(map(len, sound(clip)))})",
            "fps, end to end": report["fps"],
            "peak memory, MiB": round(report["peak_mib"]),
        }
        return row | still(clip, Path(folder), style, frames)


def still(clip: Path, folder: Path, style: str, frames: int) -> dict[str, Any]:
    """E_warp and sharpness with the blend on and off, measured on lossless renders."""
    lossless: Flags = {"encode.encoder": "ffv1"}
    for name, flags in {"off": {"blend.stability": 0.0}, "on": {}}.items():
        alone(render, clip, folder / f"{name}.mkv", style, lossless | flags, frames)
    with (
        ClipReader(clip) as source,
        ClipReader(folder / "on.mkv") as result,
        ClipReader(folder / "off.mkv") as reference,
    ):
        figures = measure_clips(source.frames(Span(0, frames)), result.frames(), reference.frames())
    return {
        "E_warp of the source": figures.short.source,
        "E_warp, blend off": figures.short.reference,
        "E_warp, blend on": figures.short.result,
        "lower by": figures.short.ratio,
        "10 frames apart, by": figures.long.ratio,
        "sharpness, on / off": figures.sharpness,
        "MS-SSIM, on to off": figures.similarity,
    }


def peak_memory(clip: Path, style: str, frames: int) -> dict[str, float]:
    """Peak memory of a short and a long render of the same pictures, in MiB."""
    with tempfile.TemporaryDirectory() as folder:
        long = looped(clip, Path(folder) / "long.mkv", frames)
        return {
            f"peak at {count} frames": alone(render, long, Path(folder) / f"{count}.mkv", style, {}, count)["peak_mib"]
            for count in (frames // 10, frames)
        }


def render(clip: Path, target: Path, style: str, flags: Flags, frames: int | None) -> dict[str, Any]:
    config = load_config(flags={"style": style, "device": "cpu"} | flags)
    report = render_shot(Shot(clip, Span(0, frames)), target, config)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return report.model_dump(mode="json") | {"peak_mib": peak}


def alone(function: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def looped(clip: Path, target: Path, frames: int) -> Path:
    """Copy the packets of `clip`'s picture again and again until there are `frames` of them, under new timestamps."""
    with av.open(clip) as source:
        packets = [packet for packet in source.demux(video=0) if packet.size]
        with av.open(target, "w") as container:
            stream = container.add_stream_from_template(source.streams.video[0])
            lap = max(packet.pts + packet.duration for packet in packets)
            made = 0
            starts = [(packet.pts, packet.dts) for packet in packets]
            while made < frames:
                shift = lap * (made // len(packets))
                for packet, (pts, dts) in zip(packets, starts, strict=True):
                    packet.stream, packet.pts, packet.dts = stream, pts + shift, dts + shift
                    container.mux(packet)
                    packet.time_base = source.streams.video[0].time_base
                made += len(packets)
    return target


def times(clip: Path) -> list[Fraction]:
    with av.open(clip) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


def sound(clip: Path) -> list[list[tuple[Fraction, str]]]:
    with av.open(clip) as container:
        if not container.streams.audio:
            return []
        found: dict[int, list[tuple[Fraction, str]]] = {stream.index: [] for stream in container.streams.audio}
        for packet in container.demux(*container.streams.audio):
            if packet.size:
                digest = hashlib.sha256(bytes(packet)).hexdigest()
                found[packet.stream_index].append((packet.pts * packet.time_base, digest))
        return list(found.values())


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


if __name__ == "__main__":
    main()
