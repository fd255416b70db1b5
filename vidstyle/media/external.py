"""FFmpeg's own programs, through ffmpeg-python: a second pair of eyes on a clip, independent of PyAV.

Nothing in the main job needs them; they must be on PATH to be used.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ffmpeg

from vidstyle.errors import ClipMissingError, ClipReadError, PluginError
from vidstyle.media.opening import locator

_PIECE = 1 << 16  # bytes


def present() -> bool:
    """True where both ffmpeg and ffprobe are on PATH."""
    return shutil.which("ffmpeg") is not None and shutil.which("ffprobe") is not None


def ffprobe(path: Path) -> dict[str, Any]:
    """What ffprobe says about a clip: its JSON, with the keys `format` and `streams`.

    Raises:
        PluginError: ffprobe is not on PATH.
        ClipMissingError, ClipReadError: there is no such file, or ffprobe can't read it.
    """
    return _probe(path)


def count_frames(path: Path) -> int:
    """How many frames of the first picture ffprobe decodes. Raises what `ffprobe` raises."""
    facts = _probe(path, count_frames=None, select_streams="v:0")
    return int(facts["streams"][0]["nb_read_frames"])


def examine(path: Path) -> dict[str, Any]:
    """What `ffprobe` says, and the chapters under the key `chapters`. Raises what `ffprobe` raises."""
    return _probe(path, show_chapters=None)


def frame_ticks(path: Path, index: int) -> list[int]:
    """When every frame of stream `index` that ffprobe decodes is shown, in ticks. Raises what `ffprobe` raises.

    Convention: one that has no time follows the last as that did the one before.
    """
    facts = _probe(path, show_frames=None, select_streams=str(index), show_entries="frame=best_effort_timestamp")
    ticks: list[int] = []
    for frame in facts.get("frames", ()):
        if "best_effort_timestamp" in frame:
            ticks.append(int(frame["best_effort_timestamp"]))
        elif len(ticks) > 1:
            ticks.append(2 * ticks[-1] - ticks[-2])
    return ticks


def audio_packets(path: Path) -> list[tuple[int, int | None, int, str]]:
    """Stream, pts in ticks, bytes and SHA-256 of every audio packet, in file order. Raises what `ffprobe` raises."""
    facts = _probe(
        path, show_packets=None, select_streams="a", show_data_hash="sha256",
        show_entries="packet=stream_index,pts,size,data_hash",
    )  # fmt: skip
    return [
        (
            int(packet["stream_index"]),
            packet.get("pts"),
            int(packet["size"]),
            packet["data_hash"].rpartition(":")[2],
        )
        for packet in facts.get("packets", ())
    ]


def stream_bytes(path: Path, index: int) -> Iterator[bytes]:
    """What the packets of stream `index` hold, piece by piece, as ffmpeg reads them. Raises what `ffprobe` does."""
    _require("ffmpeg", path)
    job = ffmpeg.input(locator(path)).output("pipe:", format="data", c="copy", map=f"0:{index}")
    job = job.global_args("-v", "error")  # what is not read must not fill its pipe
    with job.run_async(pipe_stdout=True, quiet=True) as running:
        while piece := running.stdout.read(_PIECE):
            yield piece


def stream_hashes(path: Path, kind: str = "a") -> list[str]:
    """SHA-256 of the packets of each stream of `kind` (a audio, s subtitle, v video), as ffmpeg reads them.

    Raises what `ffprobe` raises, but of ffmpeg.
    """
    _require("ffmpeg", path)
    if not any(stream["codec_type"][:1] == kind for stream in _probe(path)["streams"]):
        return []
    job = ffmpeg.input(locator(path)).output("pipe:", format="streamhash", hash="sha256", c="copy", map=f"0:{kind}")
    try:
        lines, _ = job.run(capture_stdout=True, capture_stderr=True)
    except ffmpeg.Error as error:
        raise _unreadable(path, error) from error
    return [line.rpartition("=")[2] for line in lines.decode().splitlines()]


def _probe(path: Path, **options: Any) -> dict[str, Any]:
    _require("ffprobe", path)
    try:
        facts: dict[str, Any] = ffmpeg.probe(locator(path), **options)
    except (ffmpeg.Error, json.JSONDecodeError) as error:
        raise _unreadable(path, error) from error
    return facts


def _require(program: str, path: Path) -> None:
    if shutil.which(program) is None:
        raise PluginError(
            f"{program} is not on PATH; install FFmpeg's programs (for example: apt install ffmpeg)",
            group="programs",
            name=program,
        )
    if not path.exists():
        raise ClipMissingError(f"no clip at {path}; check the name", path=path)


def _unreadable(path: Path, error: Exception) -> ClipReadError:
    told = (getattr(error, "stderr", None) or b"").decode(errors="replace").strip().splitlines()
    return ClipReadError(f"{path} can't be read by FFmpeg ({told[-1] if told else error})", path=path)
