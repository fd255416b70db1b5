"""Load a style and stylize one picture with it, without any clip.

python examples/stylize_picture.py photo.jpg drawing.png
"""

import sys

import cv2
import torch

from vidstyle import load_style
from vidstyle.stages.stylize import paint


def main(source: str, target: str, style_name: str = "ink") -> None:
    style = load_style(style_name)
    photo = cv2.imread(source)
    if photo is None:
        sys.exit(f"{source} is no picture that OpenCV can read")
    rgb = torch.from_numpy(photo[..., ::-1].copy()).permute(2, 0, 1)[None] / 255  # (1, 3, h, w), 0..1
    with torch.inference_mode():
        drawing = paint(style, style.generator, rgb)  # any size
    bgr = (drawing[0] * 255).round().byte().permute(1, 2, 0).numpy()[..., ::-1]
    cv2.imwrite(target, bgr)
    print(f"{target}: {style.card.title}, {bgr.shape[1]}x{bgr.shape[0]}, weights under {style.card.licence}")


if __name__ == "__main__":
    main(*sys.argv[1:])
