"""The demonstration's sound: a music box over a soft beat, and a click exactly at the cut."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from vidstyle.demo.painting import Number

SAMPLE_RATE = 48_000

_BEAT = 0.3  # seconds, 200 eighths a minute
_LOUDEST = 0.7  # the highest peak, full scale is 1: AAC may overshoot a little
_MELODY = (67, 72, 76, 72, 79, 76, 72, 76, 69, 72, 77, 72, 81, 77, 79)  # MIDI notes, one a beat
_BASS = (48, 55, 48, 55, 53, 57, 53, 57)  # one every second beat
_CLICK = 0.006  # seconds


def tune(seconds: Number | Fraction, cut: Number | Fraction) -> NDArray[np.float32]:
    """Play for `seconds`, with a click at `cut`.

    Convention: (2, samples), left and right, -1..1, at SAMPLE_RATE; the peak stays at 0.7.
    """
    count = round(seconds * SAMPLE_RATE)
    sound = np.zeros((2, count), np.float32)
    beats = int(seconds / _BEAT)
    for beat in range(beats):
        note = _MELODY[beat % len(_MELODY)]
        _add(sound, beat * _BEAT, _chime(note), 0.30, pan=0.35 * np.sin(beat * 1.3))
        _add(sound, beat * _BEAT, _brush(beat), 0.05 if beat % 2 else 0.02, pan=0.4)
        if beat % 2 == 0:
            _add(sound, beat * _BEAT, _pluck(_BASS[beat // 2 % len(_BASS)]), 0.34, pan=-0.15)
    fade = np.minimum(1, np.arange(count, 0, -1, dtype=np.float32) / (0.25 * SAMPLE_RATE))
    sound *= fade
    _add(sound, float(cut), _click(), 0.5, pan=0.0)
    peak = float(np.abs(sound).max())
    return (sound * np.float32(_LOUDEST / peak)).astype(np.float32)


def _add(sound: NDArray[np.float32], start: float, voice: NDArray[np.float32], volume: float, *, pan: float) -> None:
    first = round(start * SAMPLE_RATE)
    voice = voice[: sound.shape[1] - first]
    angle = (pan + 1) * np.pi / 4  # equal power
    sound[0, first : first + len(voice)] += voice * np.float32(volume * np.cos(angle))
    sound[1, first : first + len(voice)] += voice * np.float32(volume * np.sin(angle))


def _times(seconds: float) -> NDArray[np.float64]:
    return np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE


def _hertz(note: int) -> float:
    return float(440 * 2 ** ((note - 69) / 12))


def _chime(note: int) -> NDArray[np.float32]:
    time, pitch = _times(1.2), _hertz(note)
    partials = ((1, 1.0, 3.5), (2.76, 0.35, 7.0), (5.4, 0.15, 14.0))  # a struck bar's, Fletcher & Rossing 1998, 2.14
    wave = sum(
        level * np.sin(2 * np.pi * ratio * pitch * time) * np.exp(-decay * time) for ratio, level, decay in partials
    )
    return (wave * np.minimum(1, time / 0.002)).astype(np.float32)


def _pluck(note: int) -> NDArray[np.float32]:
    time, pitch = _times(0.55), _hertz(note)
    wave = np.sin(2 * np.pi * pitch * time) + 0.3 * np.sin(4 * np.pi * pitch * time)
    return (wave * np.exp(-6 * time) * np.minimum(1, time / 0.005)).astype(np.float32)


def _brush(seed: int) -> NDArray[np.float32]:
    time = _times(0.07)
    noise = np.random.default_rng(seed).standard_normal(len(time))
    return (np.diff(noise, prepend=0) * np.exp(-60 * time)).astype(np.float32)


def _click() -> NDArray[np.float32]:
    time = _times(_CLICK)
    return (np.sin(2 * np.pi * 2000 * time) * np.exp(-500 * time)).astype(np.float32)
