"""Contact sheets: rows of source, teacher and result."""

from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from vidstyle.training.pictures import Example
from vidstyle.training.teachers import Picture

LARGEST = 600_000  # bytes


def render(generator: nn.Module, picture: Picture, multiple: int = 4) -> Picture:
    """What `generator` (pictures in [-1, 1]) makes of `picture`, padded by reflection to its multiple and cut back."""
    height, width = picture.shape[:2]
    padded = cv2.copyMakeBorder(picture, 0, -height % multiple, 0, -width % multiple, cv2.BORDER_REFLECT_101)
    device = next(generator.parameters()).device
    images = torch.from_numpy(padded.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None].to(device)
    with torch.inference_mode():
        result = generator(images.contiguous(memory_format=torch.channels_last))[0, :, :height, :width]
    codes: Picture = ((result.clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).cpu().numpy()
    return codes


def write_sheet(path: Path, generator: nn.Module, examples: list[Example], *, rows: int = 7, width: int = 1320) -> None:
    """Write `rows` of source | teacher | result, chosen evenly over `examples`, as a JPEG under 600 kB."""
    chosen = [examples[index] for index in np.unique(np.linspace(0, len(examples) - 1, rows).round().astype(int))]
    bands = [_band(example, render(generator, example.picture), width // 3) for example in chosen]
    image = cv2.cvtColor(np.vstack(bands), cv2.COLOR_RGB2BGR)
    path.parent.mkdir(parents=True, exist_ok=True)
    for quality in range(90, 20, -10):
        written, packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if written and len(packed) < LARGEST:
            path.write_bytes(packed.tobytes())
            return


def _band(example: Example, result: Picture, width: int) -> Picture:
    looks = (example.picture, example.target, result)
    height = round(width * 9 / 16)
    return np.hstack([_fitted(look, width, height) for look in looks])


def _fitted(picture: Picture, width: int, height: int) -> Picture:
    """Cut the middle out of `picture` so that it fills width x height."""
    factor = max(width / picture.shape[1], height / picture.shape[0])
    size = (max(width, round(picture.shape[1] * factor)), max(height, round(picture.shape[0] * factor)))
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    big = cv2.resize(picture, size, interpolation=way)
    top, left = (big.shape[0] - height) // 2, (big.shape[1] - width) // 2
    return big[top : top + height, left : left + width].astype(np.uint8)
