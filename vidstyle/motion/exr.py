"""Vector passes in OpenEXR files: which channels hold them.

Convention of the passes, all in pixels, x to the right and y UP:

    blender  <layer>.Vector.X, .Y, .Z, .W (or X, Y, Z, W, or R, G, B, A of a file that holds nothing else). X and Y are
             where the point was one frame earlier minus where it is now: the way to the previous frame. Z and W are
             where it is now minus where it will be: the way to the next frame with its sign turned round.
             Source: Cycles, kernel/geom, primitive_motion_vector: `motion_pre - center, center - motion_post`; the
             same was found by trial in blender.stackexchange.com/a/216368.
    nuke     backward.u, backward.v and forward.u, forward.v: offsets from this frame to where the previous frame and
             the next one have the same point. Source: Foundry, Nuke and Ocula reference guide, VectorGenerator.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from vidstyle.errors import ConfigError, PluginError
from vidstyle.motion.vector_files import VectorConfig

Plane = NDArray[np.float32]

Pair = tuple[str, str]

# By convention: names of the pair about the previous frame and of the one about the next.
_NAMED: dict[str, tuple[Pair, Pair]] = {
    "blender": (("Vector.X", "Vector.Y"), ("Vector.Z", "Vector.W")),
    "nuke": (("backward.u", "backward.v"), ("forward.u", "forward.v")),
}
# Letters that mean vectors only where the user says whose they are.
_BARE: tuple[tuple[Pair, Pair], ...] = ((("X", "Y"), ("Z", "W")), (("R", "G"), ("B", "A")))


@dataclass(frozen=True, slots=True)
class Channels:
    """The vectors of one file as they are in it.

    Convention: (h, w, 2) each, x and y as the convention has them; the file's data window laid into its display
    window, NaN where it holds nothing. `plain` has one pair, in `previous`, whatever it points to.
    """

    convention: Literal["blender", "nuke", "plain"]
    previous: Plane | None
    following: Plane | None


def read_channels(path: Path, config: VectorConfig) -> Channels:
    """Read the vector channels of one file.

    Raises:
        ConfigError: the file can't be read, or which channels to take isn't clear.
        PluginError: OpenEXR is not installed.
    """
    planes = _planes(path)
    if config.channels is not None or config.convention == "plain":
        return Channels("plain", _stacked(planes, _named(path, planes, config)), None)
    found = list(_candidates(planes, config))
    if len(found) != 1:
        what = "no channels that are known to hold vectors" if not found else f"{len(found)} layers that hold vectors"
        step = "motion.vectors.channels or .convention" if not found else "motion.vectors.layer"
        raise _error(path, f"{what}; set {step}; found {_listed(planes)}")
    convention, previous, following = found[0]
    return Channels(convention, _stacked(planes, previous), _stacked(planes, following))


def _named(path: Path, planes: Mapping[str, Plane], config: VectorConfig) -> Pair:
    if config.channels is None:
        raise _error(path, f"set motion.vectors.channels to the two that hold x and y; found {_listed(planes)}")
    for name in config.channels:
        if name not in planes:
            raise _error(path, f"no channel {name!r}; found {_listed(planes)}")
    return config.channels


def _stacked(planes: Mapping[str, Plane], pair: Pair) -> Plane | None:
    return np.stack([planes[name] for name in pair], axis=2) if all(name in planes for name in pair) else None


def _candidates(
    planes: Mapping[str, Plane], config: VectorConfig
) -> Iterator[tuple[Literal["blender", "nuke"], Pair, Pair]]:
    conventions: tuple[Literal["blender", "nuke"], ...] = ("blender", "nuke")
    asked = [convention for convention in conventions if config.convention in ("auto", convention)]
    found = 0
    for convention in asked:
        previous, following = _NAMED[convention]
        heads = {name.removesuffix(end) for name in planes for end in (previous[0], following[0]) if name.endswith(end)}
        for head in sorted(heads):
            if head.startswith(config.layer) and (not head or head.endswith(".")):
                found += 1
                yield convention, _prefixed(head, previous), _prefixed(head, following)
    if not found and config.convention == "blender":
        head = f"{config.layer}." if config.layer else ""
        bare = [(_prefixed(head, previous), _prefixed(head, following)) for previous, following in _BARE]
        yield from (("blender", *pairs) for pairs in bare if all(name in planes for name in pairs[0]))


def _prefixed(head: str, pair: Pair) -> Pair:
    return head + pair[0], head + pair[1]


def _planes(path: Path) -> dict[str, Plane]:
    try:
        import OpenEXR  # noqa: PLC0415  an extra that most do without
    except ImportError as error:
        message = "reading EXR files needs OpenEXR; install it with: pip install 'vidstyle[exr]'"
        raise PluginError(message, group="flow_estimators", name="vectors") from error
    if not path.is_file():
        raise _error(path, "no such file")
    try:
        with OpenEXR.File(str(path), separate_channels=True) as file:
            return {name: plane for part in file.parts for name, plane in _part(part)}
    except (RuntimeError, OSError, ValueError, TypeError) as error:
        raise _error(path, f"not a readable EXR file: {error}") from error


def _part(part: Any) -> Iterable[tuple[str, Plane]]:
    (left, top), (right, bottom) = (np.asarray(corner, int) for corner in part.header["displayWindow"])
    x, y = np.asarray(part.header["dataWindow"][0], int) - (left, top)
    width, height = right - left + 1, bottom - top + 1
    for name, channel in part.channels.items():
        pixels = np.asarray(channel.pixels, np.float32)
        plane = np.full((height, width), np.nan, np.float32)
        h, w = pixels.shape[:2]
        rows, columns = slice(max(y, 0), min(y + h, height)), slice(max(x, 0), min(x + w, width))
        plane[rows, columns] = pixels[rows.start - y : rows.stop - y, columns.start - x : columns.stop - x]
        yield name, plane


def _listed(planes: Mapping[str, Plane]) -> str:
    return ", ".join(sorted(planes)) or "none"


def _error(path: Path, reason: str) -> ConfigError:
    return ConfigError(f"motion vectors {path}: {reason}", key="motion.vectors")
