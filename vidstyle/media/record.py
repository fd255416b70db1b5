"""Writes a clip that has no source: pictures and sound that a program made."""

import itertools
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from jaxtyping import Float, Float32
from torch import Tensor

from vidstyle.errors import ClipWriteError, EncoderUnavailableError, TargetError, VidstyleError
from vidstyle.media.colour import MATRICES, PRIMARIES, RANGES, TRANSFERS, code_of
from vidstyle.media.pixels import PlaneConverter, PlaneLayout
from vidstyle.media.planar import frame_of

_LAYOUT = PlaneLayout("yuv420p", "yuv", 8, 1, 1)
_QUALITY = 16  # x264's constant rate factor: made pictures are sources, so keep them clean
_AUDIO_BITS = 192_000  # per second
_AUDIO_STEP = 1024  # samples, one AAC frame
_LAYOUTS = {1: "mono", 2: "stereo"}


def record_clip(
    path: Path | str,
    frames: Iterable[Float[Tensor, "3 h w"]],
    *,
    frame_rate: Fraction,
    sound: Float32[np.ndarray, "channels samples"] | None = None,
    sample_rate: int = 48_000,
    overwrite: bool = False,
) -> int:
    """Write `frames` and `sound` into a new clip: H.264 in 4:2:0, tagged BT.709 limited, and AAC.

    Nothing stands under `path` unless all was written.

    Convention: frames are display-referred RGB, 0.0 black and 1.0 white, all of one size with even sides; the first is
    shown at time 0. Sound is one or two channels, full scale -1..1, its first sample at time 0.

    Returns:
        how many frames were written.

    Raises:
        TargetError: the file exists and `overwrite` is off, or it can't be created.
        ClipWriteError: the disk is full or went away, there is no frame, or the frames' size is odd or changes.
        EncoderUnavailableError: FFmpeg has no H.264 or AAC encoder here.
    """
    target = Path(path)
    if target.exists() and not overwrite:
        raise TargetError(f"{target} is there already; choose another name or pass --overwrite", path=target)
    remaining = iter(frames)
    first = next(remaining, None)
    if first is None:
        raise ClipWriteError(f"{target}: there is no frame to write; expected one at least", path=target)
    _, height, width = first.shape
    if height % 2 or width % 2:
        raise ClipWriteError(f"{target}: frames are {width}x{height}; 4:2:0 needs even sides, crop by one", path=target)
    same_size = _of_one_size(itertools.chain([first], remaining), target)
    partial = target.with_name(f".{target.stem}.{os.getpid()}.part{target.suffix}")
    try:
        with _translate_write_errors(target):
            with _create(partial, target) as container:
                picture = _add_picture(container, width, height, frame_rate)
                voice = None if sound is None else _add_sound(container, sound, sample_rate)
                parts = () if sound is None or voice is None else _sound_parts(sound, sample_rate)
                written = _interleave(container, picture, same_size, voice, parts)
            partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return written


def _create(partial: Path, target: Path) -> OutputContainer:
    try:
        return av.open(f"file:{partial.absolute()}", "w")
    except ValueError as error:  # FFmpeg knows no container of that suffix
        message = f"{target}: no container has the suffix {target.suffix!r}; choose .mp4, .mov or .mkv"
        raise TargetError(message, path=target) from error


def _add_picture(container: OutputContainer, width: int, height: int, frame_rate: Fraction) -> VideoStream:
    stream = container.add_stream("libx264", rate=frame_rate, options={"crf": str(_QUALITY), "preset": "veryfast"})
    stream.width, stream.height, stream.pix_fmt = width, height, _LAYOUT.name
    context = stream.codec_context
    context.time_base = 1 / frame_rate
    context.colorspace = code_of(MATRICES, "bt709")
    context.color_primaries = code_of(PRIMARIES, "bt709")
    context.color_trc = code_of(TRANSFERS, "bt709")
    context.color_range = code_of(RANGES, "limited")
    return stream


def _add_sound(container: OutputContainer, sound: np.ndarray, sample_rate: int) -> AudioStream:
    stream = container.add_stream("aac", rate=sample_rate, layout=_LAYOUTS[sound.shape[0]])
    stream.bit_rate = _AUDIO_BITS
    return stream


def _sound_parts(sound: np.ndarray, sample_rate: int) -> Iterator[tuple[Fraction, AudioFrame]]:
    """Cut the sound into the encoder's frames, each with its time in seconds."""
    for start in range(0, sound.shape[1], _AUDIO_STEP):
        samples = np.ascontiguousarray(sound[:, start : start + _AUDIO_STEP], np.float32)
        part = AudioFrame.from_ndarray(samples, format="fltp", layout=_LAYOUTS[sound.shape[0]])
        part.sample_rate, part.pts, part.time_base = sample_rate, start, Fraction(1, sample_rate)
        yield Fraction(start, sample_rate), part


def _of_one_size(frames: Iterable[Tensor], target: Path) -> Iterator[Tensor]:
    """Pass `frames` on; the encoder would silently rescale one of another size."""
    size: tuple[int, ...] | None = None
    for number, frame in enumerate(frames):
        size = size or tuple(frame.shape)
        if tuple(frame.shape) != size:
            raise ClipWriteError(f"{target}: frame {number} is {tuple(frame.shape)}, the first is {size}", path=target)
        yield frame


def _interleave(
    container: OutputContainer,
    picture: VideoStream,
    frames: Iterable[Tensor],
    voice: AudioStream | None,
    parts: Iterable[tuple[Fraction, AudioFrame]],
) -> int:
    """Encode both streams side by side in time, so that the muxer has nothing to hold back."""
    converter = PlaneConverter(_LAYOUT, "bt709", full_range=False)
    tick: Fraction = picture.codec_context.time_base
    waiting = iter(parts)
    upcoming = next(waiting, None)
    written = 0
    for image in frames:
        planes = [plane[0].cpu().numpy() for plane in converter.to_planes(image[None])]
        frame = frame_of(planes, _LAYOUT, _LAYOUT.name)
        frame.pts, frame.time_base = written, tick
        container.mux(picture.encode(frame))
        written += 1
        while voice and upcoming and upcoming[0] < written * tick:
            container.mux(voice.encode(upcoming[1]))
            upcoming = next(waiting, None)
    while voice and upcoming:
        container.mux(voice.encode(upcoming[1]))
        upcoming = next(waiting, None)
    for stream in (picture, voice):
        if stream:
            container.mux(stream.encode(None))
    return written


@contextmanager
def _translate_write_errors(target: Path) -> Iterator[None]:
    try:
        yield
    except VidstyleError:  # whoever makes the frames has said it already
        raise
    except (av.error.EncoderNotFoundError, av.codec.codec.UnknownCodecError) as error:
        message = f"{target} can't be written: FFmpeg here lacks H.264 or AAC encoding ({error}); see vidstyle doctor"
        raise EncoderUnavailableError(message, encoder="libx264") from error
    except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
        raise TargetError(f"{target} can't be created: {error.strerror}; check its folder", path=target) from error
    except (av.FFmpegError, OSError) as error:
        raise ClipWriteError(f"{target}: writing failed: {error}", path=target) from error
