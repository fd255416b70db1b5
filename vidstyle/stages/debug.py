"""The debug view: what the blend saw and did, as one mosaic a frame."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from vidstyle.frames import FrameBatch
from vidstyle.motion import colour_wheel, flow_colours
from vidstyle.stages.batches import BlendedBatch

_WIDEST = 640  # px, of one panel
_REACH = 1 / 64  # of the width: a movement of so much in a frame is fully saturated
_LEGEND = 0.3  # of the panel's height: the colour wheel's diameter
_PAPER, _INK = (255, 255, 255), (0, 0, 0)
_MARKS = {"CUT": (255, 64, 64), "FLASH": (255, 224, 64), "HELD": (96, 176, 255), "FIRST": (255, 64, 64)}

Canvas = NDArray[np.uint8]  # (h, w, 3) RGB


class DebugView:
    """Draws source, generator and result above flow, visibility and the share of the past.

    Convention: panels are at most 640 px wide, with even sides; black to white is 0 to 1 in the last two. Flow is
    painted as the way that things moved since the last frame remembered, not back to it. Holds the last drawing, so
    batches must come in their order.

    Args:
        height, width: of the frames.
        first: number in the clip of the first frame that comes.
    """

    def __init__(self, height: int, width: int, first: int = 0) -> None:
        ratio = min(1.0, _WIDEST / width)
        self._panel = (_even(height * ratio), _even(width * ratio))
        self._full = max(1.0, float(round(width * _REACH)))
        self._first = self._number = first
        self._drawing: Tensor | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the mosaic."""
        return 2 * self._panel[0], 3 * self._panel[1]

    def draw(self, batch: BlendedBatch) -> FrameBatch:
        """Draw one mosaic for each frame, with the frames' times."""
        frames = batch.styled.moving.frames
        rows = list(self._panels(batch))
        mosaics = []
        for index in range(len(frames)):
            tiles = [_canvas(row[index]) for row in rows]
            self._label(tiles, self._mark(batch, index))
            mosaics.append(np.concatenate([np.concatenate(tiles[i : i + 3], axis=1) for i in (0, 3)]))
            self._number += 1
        images = torch.from_numpy(np.stack(mosaics)).permute(0, 3, 1, 2).float() / 255
        return FrameBatch(images, frames.pts, frames.time_base)

    def _panels(self, batch: BlendedBatch) -> Iterator[Float[Tensor, "n 3 h w"]]:
        moving = batch.styled.moving
        for images in (moving.frames.images, self._drawings(batch), batch.images):
            yield self._small(images)
        yield flow_colours(-self._small(moving.flow.to_previous), self._full)
        for plane in (moving.flow.visibility, batch.weight):
            yield self._small(plane).expand(-1, 3, -1, -1)

    def _drawings(self, batch: BlendedBatch) -> Float[Tensor, "n 3 h w"]:
        made, shown = iter(batch.styled.images), []
        for drawn in batch.styled.moving.drawn:
            if drawn or self._drawing is None:
                self._drawing = next(made)
            shown.append(self._drawing)
        self._drawing = shown[-1].clone()
        return torch.stack(shown)

    def _small(self, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c small_h small_w"]:
        return interpolate(images, size=self._panel, mode="bilinear", antialias=True)

    def _mark(self, batch: BlendedBatch, index: int) -> str:
        moving = batch.styled.moving
        if moving.restarts[index]:
            return "FIRST" if self._number == self._first else "CUT"
        if not moving.drawn[index]:
            return "HELD"
        return "FLASH" if moving.flashes[index] else ""

    def _label(self, tiles: Sequence[Canvas], mark: str) -> None:
        height, width = self._panel
        names = ("source", "generator", "result", "flow", "visibility", "share of the past")
        for tile, name in zip(tiles, names, strict=True):
            _write(tile, name, height - height // 20)
        _write(tiles[0], f"{self._number}  {mark}".rstrip(), height // 10, _MARKS.get(mark, _PAPER))
        if mark:
            cv2.rectangle(tiles[0], (0, 0), (width - 1, height - 1), _MARKS[mark], max(2, height // 60))
        side = round(height * _LEGEND)
        wheel = colour_wheel(side)
        corner = tiles[3][height - side :, width - side :]
        colours, inside = _canvas(wheel[:3]), wheel[3].numpy()[..., None] > 0
        np.copyto(corner, colours, where=inside)
        reach = f"{self._full:.0f} px"
        _write(tiles[3], reach, height - side - height // 40, left=width - side)


def _even(length: float) -> int:
    return max(2, 2 * round(length / 2))


def _canvas(image: Float[Tensor, "3 h w"]) -> Canvas:
    codes = image.clamp(0, 1).mul(255).add_(0.5).byte().permute(1, 2, 0)
    return np.ascontiguousarray(codes.cpu().numpy())


def _write(
    tile: Canvas, text: str, bottom: int, colour: tuple[int, int, int] = _PAPER, left: int | None = None
) -> None:
    scale = max(0.3, tile.shape[0] / 480)
    left = tile.shape[1] // 50 if left is None else left
    (width, height), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    cv2.rectangle(tile, (left - 3, bottom - height - 3), (left + width + 3, bottom + below), _INK, cv2.FILLED)
    cv2.putText(tile, text, (left, bottom), cv2.FONT_HERSHEY_SIMPLEX, scale, colour, 1, cv2.LINE_AA)
