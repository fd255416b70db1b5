"""The part of a DPX header that FFmpeg does not write: frame rate and timecode. SMPTE ST 268:2003, 6.4 and 6.5."""

import struct
from fractions import Fraction

_MAGIC = {b"SDPX": ">", b"XPDS": "<"}  # byte order
_GENERIC, _WHOLE = 1664, 2048  # bytes of the header without and with what the film and television industries add
_DATA_OFFSET = 808  # of the first picture element
_FILM_RATE, _TIMECODE, _TV_RATE = 1724, 1920, 1940
_UNDEFINED = 0xFFFFFFFF
_TEXTS = ((1664, 1712), (1728, 1920))  # the film industry's words; empty where they are zero


def with_header(coded: bytes, rate: Fraction | None, timecode: int | None) -> bytes:
    """The same file with a whole header that says frames per second and the packed timecode of this picture.

    Convention: `coded` is what FFmpeg writes, with a generic header alone; any other is returned as it is.
    """
    order = _MAGIC.get(coded[:4])
    if order is None or struct.unpack_from(f"{order}I", coded, 4)[0] != _GENERIC:
        return coded
    header = bytearray(coded[:_GENERIC]) + bytearray(b"\xff" * (_WHOLE - _GENERIC))
    for begin, stop in _TEXTS:
        header[begin:stop] = bytes(stop - begin)
    for place, number in (
        (4, _WHOLE), (16, len(coded) + _WHOLE - _GENERIC), (24, _GENERIC), (28, _WHOLE - _GENERIC),
        (_DATA_OFFSET, _WHOLE), (_TIMECODE, _UNDEFINED if timecode is None else timecode),
    ):  # fmt: skip
        struct.pack_into(f"{order}I", header, place, number)
    for place in (_FILM_RATE, _TV_RATE) if rate else ():
        struct.pack_into(f"{order}f", header, place, float(rate or 0))
    return bytes(header) + coded[_GENERIC:]


def packed_timecode(coded: bytes) -> int | None:
    """The timecode that a DPX file says, as SMPTE ST 12-1 packs it; None where it says none."""
    order = _MAGIC.get(coded[:4])
    if order is None or len(coded) < _WHOLE or struct.unpack_from(f"{order}I", coded, 4)[0] < _TIMECODE + 4:
        return None
    number: int = struct.unpack_from(f"{order}I", coded, _TIMECODE)[0]
    return None if number == _UNDEFINED else number
