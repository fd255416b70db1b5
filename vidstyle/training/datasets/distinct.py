"""Pictures that have been seen before, near enough."""

import cv2
import numpy as np
from numpy.typing import NDArray

from vidstyle.training.teachers import Picture

_BITS = 8  # of 64 that may differ
_CODES = 8.0  # mean difference of the thumbnails, codes of 255


class Seen:
    """Remembers what pictures look like.

    Convention: two are alike where at most 8 of the 64 bits of their difference hashes differ, mirrored or not, and
    their thumbnails lie within 8 codes of each other. Source of the hash: Krawetz 2013, "Kind of like that" (dHash).
    """

    def __init__(self) -> None:
        self._hashes = np.zeros((0, 8), np.uint8)
        self._thumbnails: list[NDArray[np.float32]] = []
        self._names: list[str] = []

    def alike(self, picture: Picture, name: str) -> str | None:
        """Give the name of an earlier picture that is alike; None, and this one is remembered."""
        for look in (picture, picture[:, ::-1]):
            found = self._nearest(look)
            if found is not None:
                return self._names[found]
        self._hashes = np.vstack([self._hashes, _hash(picture)[None]])
        self._thumbnails.append(_thumbnail(picture))
        self._names.append(name)
        return None

    def _nearest(self, picture: Picture) -> int | None:
        apart = np.unpackbits(self._hashes ^ _hash(picture), axis=1).sum(1)
        thumbnail = _thumbnail(picture)
        for place in np.flatnonzero(apart <= _BITS):
            if np.abs(self._thumbnails[place] - thumbnail).mean() < _CODES:
                return int(place)
        return None


def _hash(picture: Picture) -> NDArray[np.uint8]:
    small = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (9, 8), interpolation=cv2.INTER_AREA)
    return np.packbits(small[:, 1:] > small[:, :-1])


def _thumbnail(picture: Picture) -> NDArray[np.float32]:
    return cv2.resize(picture, (16, 16), interpolation=cv2.INTER_AREA).astype(np.float32)
