"""Where one shot has dissolved into another: between them lie mixtures of both."""

import itertools
from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

Thumbnail = NDArray[np.uint8]
Vector = NDArray[np.float32]

_SIZE = (40, 22)  # px: so small that a camera which moves on does not spoil the fit
_LAGS = (18, 13, 9, 6, 4, 3)  # frames from before the dissolve to its end
_FIT = 0.85  # share of the middle frame's variance that the mixture must explain
_MIXED = 0.25  # least share of either shot in the middle frame
_SLACK = 0.3  # by how much both shares together may differ from 1
_LONG = 6  # frames: from this lag on, the shares are looked at three times on the way
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
        for lag in _LAGS:  # the longest first: its frame is the least mixed
            if lag < len(self._shown) and self._dissolved(lag):
                return self._shown[-1 - lag][0]
        return None

    def _dissolved(self, lag: int) -> bool:
        before, now = self._shown[-1 - lag][1], self._shown[-1][1]
        lengths, together = (float(before @ before), float(now @ now)), float(before @ now)
        if min(lengths) < _PLAIN**2 * now.size or together > _ALIKE * (lengths[0] * lengths[1]) ** 0.5:
            return False
        shares = []
        for part in (lag // 4, lag // 2, lag - lag // 4) if lag >= _LONG else (lag // 2,):
            old, new, fit = _mixture(self._shown[-1 - lag + part][1], before, now)
            if fit < _FIT or not 1 - _SLACK < old + new < 1 + _SLACK:
                return False
            shares.append(new)
        rising = all(later > earlier - 0.05 for earlier, later in itertools.pairwise(shares))
        mixed = _MIXED < shares[len(shares) // 2] < 1 - _MIXED
        return rising and mixed and _mixture(self._shown[-2][1], before, now)[1] > _ENDED


def _mixture(picture: Vector, one: Vector, other: Vector) -> tuple[float, float, float]:
    """Give the shares of `one` and `other` that explain `picture` best, and the share of its variance that they do."""
    own, ones, others, both = picture @ picture, one @ one, other @ other, one @ other
    seen, seen_other = picture @ one, picture @ other
    determinant = max(float(ones * others - both * both), 1e-6)
    share = float(others * seen - both * seen_other) / determinant
    share_other = float(ones * seen_other - both * seen) / determinant
    explained = share * float(seen) + share_other * float(seen_other)
    return share, share_other, explained / max(float(own), 1.0)
