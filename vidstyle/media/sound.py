"""Sound as samples, for what people listen to while they look: 48 kHz, stereo."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from vidstyle.errors import ClipReadError
from vidstyle.media.opening import open_source, translate_read_errors

SAMPLE_RATE = 48_000
Samples = NDArray[np.float32]


def silence(samples: int) -> Samples:
    """So many samples of nothing, two channels."""
    return np.zeros((2, max(0, samples)), np.float32)


def read_sound(path: Path, start: Fraction, samples: int) -> Samples:
    """The first track's samples from `start` seconds on, counted from the picture's first frame.

    Convention: (2, n) in -1…1. Where the clip has no sound, or it can't be decoded, there is silence: it is for looking
    through an edit, not for a mix.
    """
    found = silence(samples)
    try:
        with open_source(path) as container, translate_read_errors(path):
            if not container.streams.audio:
                return found
            track = container.streams.audio[0]
            video = container.streams.video[0] if container.streams.video else None
            begin = start
            if video is not None and video.start_time is not None and video.time_base is not None:
                begin += video.start_time * video.time_base
            if begin > 1:
                container.seek(int((begin - 1) * av.time_base), backward=True)
            resampler = av.AudioResampler("fltp", "stereo", SAMPLE_RATE)
            for decoded in container.decode(track):
                for frame in resampler.resample(decoded):
                    if frame.pts is None or frame.time_base is None:
                        continue
                    place = round((frame.pts * frame.time_base - begin) * SAMPLE_RATE)
                    if place >= samples:
                        return found
                    _lay(found, np.asarray(frame.to_ndarray(), np.float32), place)
    except ClipReadError:
        return found
    return found


def _lay(into: Samples, samples: Samples, place: int) -> None:
    first, last = max(0, place), min(into.shape[1], place + samples.shape[1])
    if last > first:
        into[:, first:last] = samples[:, first - place : last - place]
