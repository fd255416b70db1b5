"""Is the uncompressed sound of one clip a piece of another's? Told by their samples, however they lie in packets."""

import hashlib
from collections.abc import Iterable, Iterator
from fractions import Fraction

from vidstyle.media.evidence import Evidence, Track

_HEAD = 1 << 12  # bytes by which a place is found, before all that follows is compared


def sample_at(track: Track, time: Fraction) -> int:
    """The number of the first sample of `track` that is heard at `time`, seconds, or later; from 0 to all of them."""
    passed = 0
    for (when, _), size in zip(track.packets, track.sizes, strict=True):
        count = size // track.block
        if when is not None and time < when + Fraction(count, track.rate):
            return passed + max(0, round((time - when) * track.rate))
        passed += count
    return passed


def place_in(whole: Evidence, source: Track, part: Evidence, target: Track, near: int) -> int | None:
    """The number of the sample of `source` at which all of `target` follows, beside `near`; None: nowhere.

    Convention: looked for up to one tick of the source's clock before and after it: packets' times say no more.
    """
    slack = round(source.tick * source.rate)
    count = sum(target.sizes)
    low = max(0, near - slack) * source.block
    head = b"".join(_cut(part.sound(target), 0, min(count, _HEAD)))
    window = b"".join(_cut(whole.sound(source), low, low + 2 * slack * source.block + len(head)))
    wanted = _digest(part.sound(target))
    places = [low // source.block + n for n in range((len(window) - len(head)) // source.block + 1)]
    for place in sorted(places, key=lambda each: abs(each - near)):
        begin = place * source.block
        if window[begin - low :].startswith(head) and wanted == _digest(
            _cut(whole.sound(source), begin, begin + count)
        ):
            return place
    return None


def _cut(pieces: Iterable[bytes], begin: int, stop: int) -> Iterator[bytes]:
    """What lies from byte `begin` on and before byte `stop`."""
    passed = 0
    for piece in pieces:
        if passed >= stop:
            return
        yield piece[max(0, begin - passed) : stop - passed]
        passed += len(piece)


def _digest(pieces: Iterable[bytes]) -> bytes:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.digest()
