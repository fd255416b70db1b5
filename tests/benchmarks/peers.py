"""How others stylize a clip, written down as baselines: on the same network and clip as the river."""

import subprocess
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import torch
from torch import Tensor

from vidstyle.networks import Padding, Style


def png_dump(clip: Path, target: Path, style: Style, frames: int) -> None:
    """Decode to PNGs, stylize each PNG into another, encode those: one program after the other, float32, eager."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _ffmpeg("-i", str(clip), "-frames:v", str(frames), str(folder / "in-%06d.png"))
        for path in sorted(folder.glob("in-*.png")):
            with av.open(path) as container:
                picture = next(container.decode(video=0)).to_ndarray(format="rgb24")
            _write_png(folder / path.name.replace("in-", "out-"), drawn(style, picture))
        rate = str(_rate(clip))
        sound = ("-map", "0:v", "-map", "1:a?", "-c:a", "copy", "-shortest")
        pictures = ("-framerate", rate, "-i", str(folder / "out-%06d.png"), "-i", str(clip))
        _ffmpeg(*pictures, *sound, "-c:v", "libx264", "-crf", "16", "-pix_fmt", "yuv420p", str(target))


def streaming(clip: Path, target: Path, style: Style, frames: int) -> None:
    """Decode, stylize and encode frame by frame in one loop, float32, eager; no sound."""
    with av.open(target, "w") as container:
        stream = container.add_stream("libx264", rate=_rate(clip), options={"crf": "16"})
        for number, picture in enumerate(_decoded(clip, frames)):
            made = drawn(style, picture)
            if not number:
                stream.height, stream.width = made.shape[:2]
                stream.pix_fmt = "yuv420p"
            container.mux(stream.encode(av.VideoFrame.from_ndarray(made, format="rgb24")))
        container.mux(stream.encode(None))


@torch.no_grad()
def drawn(style: Style, picture: np.ndarray) -> np.ndarray:
    """Give the style's picture of one, 8-bit RGB, the way that scripts do it."""
    images: Tensor = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    padding = Padding(multiple=int(getattr(style.generator, "multiple", 1)))
    made = style.decode(padding.crop(style.generator(padding.pad(style.encode(images))), like=images))
    return np.ascontiguousarray((made[0].permute(1, 2, 0) * 255).round().byte().numpy())


def _decoded(clip: Path, frames: int) -> Iterator[np.ndarray]:
    with av.open(clip) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number == frames:
                return
            yield frame.to_ndarray(format="rgb24")


def _write_png(path: Path, picture: np.ndarray) -> None:
    with av.open(path, "w", format="image2", options={"update": "1"}) as container:
        stream = container.add_stream("png", rate=1)
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = "rgb24"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def _rate(clip: Path) -> Fraction:
    with av.open(clip) as container:
        return container.streams.video[0].average_rate or Fraction(25)


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True, stdin=subprocess.DEVNULL)
