"""Paint a folder of pictures and a clip to learn from, where there is no material at hand: docs/training.md begins so.

python examples/paint_footage.py footage
"""

import sys
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import torch

from vidstyle.demo.night import Night
from vidstyle.demo.street import Street
from vidstyle.media.record import record_clip

PICTURES = 20


def main(folder: str = "footage") -> None:
    out = Path(folder)
    out.mkdir(parents=True)
    random = np.random.default_rng(1)
    for name, stage in (("street", Street()), ("night", Night())):
        for number in range(PICTURES // 2):
            picture = stage.frame(6 * number)  # RGB 0..1, 360 x 640
            top, left = random.integers(0, 120), random.integers(0, 280)
            part = picture[top : top + 240, left : left + 360]
            part = cv2.cvtColor(part, cv2.COLOR_RGB2HSV)  # degrees, 0..1, 0..1 in float32
            part[..., 0] = (part[..., 0] + random.uniform(0, 360)) % 360  # other colours in each
            light = cv2.cvtColor(part, cv2.COLOR_HSV2BGR)
            cv2.imwrite(str(out / f"{name}-{number}.png"), (light.clip(0, 1) * 255).round().astype(np.uint8))
    street = Street()
    frames = (torch.from_numpy(np.ascontiguousarray(street.frame(n)[::2, ::2].transpose(2, 0, 1))) for n in range(24))
    record_clip(out / "shot.mp4", (frame.clamp(0, 1).float() for frame in frames), frame_rate=Fraction(24))
    print(f"{out}: {PICTURES} pictures and shot.mp4")


if __name__ == "__main__":
    main(*sys.argv[1:])
