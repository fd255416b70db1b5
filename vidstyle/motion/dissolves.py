"""Where one shot has dissolved into another: between them lie mixtures of both."""

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

Thumbnail = NDArray[np.uint8]
Vector = NDArray[np.float32]

_SIZE = (40, 22)  # px: so small that a camera which moves on does not spoil the fit
_LAGS = (3, 4, 6, 9, 13, 18)  # frames from before the dissolve to its end
_FIT = 0.95  # share of the middle frame's variance that the mixture must explain
_MIXED = 0.25  # least share of either shot in the middle frame
_ENDED = 0.85  # share of the new shot in the last but one frame
_ALIKE = 0.7  # correlation above which both ends show the same
_PLAIN = 8.0  # codes of 255, standard deviation: less is a fade's end, and anything is a mixture of it


class DissolveFinder:
    """Remembers the last frames of a shot, and notices when they dissolve into the newest.

    Convention: frames come one by one as thumbnails; `clear` says that a new shot begins.
    """

    def __init__(self) -> None:
        self._shown: deque[tuple[Thumbnail, Vector]] = deque(maxlen=max(_LAGS) + 1)

    def clear(self) -> None:
        """Forget all."""
        self._shown.clear()

    def add(self, present: Thumbnail) -> Thumbnail | None:
        """Take the next frame; give the one from before the dissolve where one seems to have just ended, else None.

        It only seems so: whoever asks must compare both, since some movements look alike.
        """
        small = cv2.resize(present, _SIZE, interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
        self._shown.append((present, small - small.mean()))
        for lag in _LAGS:
            if lag < len(self._shown) and self._dissolved(lag):
                return self._shown[-1 - lag][0]
        return None

    def _dissolved(self, lag: int) -> bool:
        before, middle, last, now = (self._shown[n][1] for n in (-1 - lag, -1 - lag + lag // 2, -2, -1))
        lengths = float(before @ before), float(now @ now)
        together = float(before @ now)
        if min(lengths) < _PLAIN**2 * now.size or together > _ALIKE * (lengths[0] * lengths[1]) ** 0.5:
            return False
        old, new, fit = _mixture(middle, before, now)
        if fit < _FIT or min(old, new) < _MIXED:
            return False
        return _mixture(last, before, now)[1] > _ENDED


def _mixture(picture: Vector, one: Vector, other: Vector) -> tuple[float, float, float]:
    """Give the shares of `one` and `other` that explain `picture` best, and the share of its variance that they do."""
    shares, rest, *_ = np.linalg.lstsq(np.stack((one, other), axis=1), picture, rcond=None)
    left = float(rest[0]) if len(rest) else 0.0
    return float(shares[0]), float(shares[1]), 1 - left / max(float(picture @ picture), 1.0)
