"""Flows as few bytes: exact for what is rounded to 1/256 px, and for everything else as well."""

import json
import zlib

import numpy as np
import torch
from numpy.typing import NDArray

from vidstyle.errors import VidstyleError
from vidstyle.motion.flow import Flow

_MAGIC = b"VSFLOW1\n"
_STEPS = 256  # a pixel
_LEVEL = 1  # of zlib: higher levels win a tenth and take several times as long


class PackingError(VidstyleError, ValueError):
    """What should be a packed flow is cut short, damaged or something else."""


def pack(flow: Flow) -> bytes:
    """Write a flow, of one pair or several, as bytes that `unpack` turns into the very same.

    Convention: vectors that are whole multiples of 1/256 px and below 128 px in both directions are kept as differences
    between neighbours in a row, 16 bits each; others as 32-bit floats. Visibility of 0 and 1 takes a bit each.
    """
    vectors = np.ascontiguousarray(flow.to_previous.detach().cpu().numpy())
    visibility = np.ascontiguousarray(flow.visibility.detach().cpu().numpy())
    steps = _in_steps(vectors)
    binary = bool(((visibility == 0) | (visibility == 1)).all())
    facts = {"shape": vectors.shape, "steps": steps is not None, "bits": binary}
    body = (vectors if steps is None else _differences(steps)).tobytes()
    body += (np.packbits(visibility.astype(bool)) if binary else visibility).tobytes()
    return _MAGIC + json.dumps(facts).encode() + b"\n" + zlib.compress(body, _LEVEL)


def unpack(content: bytes) -> Flow:
    """Read what `pack` wrote. Raises PackingError where it is damaged."""
    try:
        return _unpacked(content)
    except (ValueError, KeyError, TypeError, zlib.error) as error:
        raise PackingError(f"no packed flow: {error}") from error


def _unpacked(content: bytes) -> Flow:
    if not content.startswith(_MAGIC):
        raise ValueError("begins with something else")
    head, _, packed = content[len(_MAGIC) :].partition(b"\n")
    facts = json.loads(head)
    n, two, height, width = facts["shape"]
    body = zlib.decompress(packed)  # notices by itself where it is cut short or damaged
    size = n * two * height * width
    if facts["steps"]:
        steps = np.frombuffer(body, "<i2", size).reshape(n, two, height, width)
        vectors = np.cumsum(steps, axis=3, dtype=np.int16).astype(np.float32) / np.float32(_STEPS)
        rest = body[2 * size :]
    else:
        vectors = np.frombuffer(body, "<f4", size).reshape(n, two, height, width).copy()
        rest = body[4 * size :]
    pixels = n * height * width
    if facts["bits"]:
        visibility = np.unpackbits(np.frombuffer(rest, np.uint8), count=pixels).astype(np.float32)
    else:
        visibility = np.frombuffer(rest, "<f4", pixels).copy()
    return Flow(torch.from_numpy(vectors), torch.from_numpy(visibility.reshape(n, 1, height, width)))


def _in_steps(vectors: NDArray[np.float32]) -> NDArray[np.int16] | None:
    steps = vectors * np.float32(_STEPS)  # NaN fails the comparison
    whole = bool((steps == np.rint(steps)).all()) and float(np.abs(steps).max(initial=0)) < 2**15
    return steps.astype(np.int16) if whole else None


def _differences(steps: NDArray[np.int16]) -> NDArray[np.int16]:
    # Wraps round where a difference needs more than 16 bits, and the sum wraps back.
    return np.diff(steps, axis=3, prepend=np.int16(0)).astype("<i2")
