"""Single frames, as the source has them and as a style draws them, by the same function that renders shots."""

import hashlib
import tempfile
import threading
from pathlib import Path

import cv2
from starlette.exceptions import HTTPException

from vidstyle.config import RenderConfig
from vidstyle.demo import scene
from vidstyle.errors import ClipReadError
from vidstyle.frames import Bitmap, Span, bitmap
from vidstyle.media import EncodeConfig, WorkConfig, open_reader
from vidstyle.networks import read_card
from vidstyle.pipeline import render_shot
from vidstyle.shots import Shot
from vidstyle.studio.look import Look
from vidstyle.studio.sessions import Session, Upload

_QUICK = 60_000  # pixels of the picture for the first glance
_THUMB = 57_600  # 320x180
_KEPT = 48  # small pictures that are kept for the next glance at the same frame


class Stills:
    """Draws one frame at a time; a newer wish of a session takes the place of its older ones.

    Args:
        folder: where thumbnails are kept.
        device: as of RenderConfig.
    """

    def __init__(self, folder: Path, device: str) -> None:
        self._folder, self._device = folder, device
        self._drawing, self._painting = threading.Lock(), threading.Lock()
        self._small: dict[tuple[str, int], Bitmap] = {}

    def before(self, upload: Upload, frame: int) -> bytes:
        """A frame of the source, as a JPEG. Raises what opening and reading the clip raises."""
        return _jpeg(self._seen(upload, frame))

    def after(self, session: Session, upload: Upload, look: Look, frame: int, *, quick: bool) -> bytes:
        """A frame as it is stylized, as a PNG; quick: the frame made small before, so that brushes may be larger.

        Raises HTTPException where a newer one was asked for meanwhile.
        """
        session.wanted += 1
        mine = session.wanted
        config = _plain(look.config(session, self._device, upload))
        with self._drawing:
            if session.wanted != mine:
                raise HTTPException(409, "a newer picture was asked for")
            if not quick:
                return _rendered(upload.path, frame, config)
            small = self._small.get((upload.id, frame))
            if small is None:
                self._seen(upload, frame)
                small = self._small[upload.id, frame]
            shrunk = (upload.facts["width"] / small.shape[1]) * config.stylize.scale
            stylize = config.stylize.model_copy(update={"scale": min(1.0, max(0.25, shrunk))})
            return _drawn(small, config.model_copy(update={"stylize": stylize}))

    def thumbnail(self, folder: Path) -> Path:
        """What a style makes of the demo's first frame: drawn once."""
        card = read_card(folder)
        kept = self._folder / f"{hashlib.sha256(f'{card.name}{card.sha256}'.encode()).hexdigest()[:16]}.png"
        with self._painting:
            if not kept.exists():
                self._folder.mkdir(parents=True, exist_ok=True)
                picture = _shrunk(bitmap(next(scene.paint())), _THUMB)
                kept.write_bytes(_drawn(picture, _plain(RenderConfig(style=str(folder), device=self._device))))
        return kept

    def _seen(self, upload: Upload, frame: int) -> Bitmap:
        """A frame of the source; a small one is kept."""
        with open_reader(upload.path) as reader:
            for batch in reader.frames(Span(frame, frame + 1)):
                picture = bitmap(batch.images[0, :3])
                while len(self._small) >= _KEPT:
                    self._small.pop(next(iter(self._small)), None)
                self._small[upload.id, frame] = _shrunk(picture, _QUICK)
                return picture
        raise ClipReadError(f"{upload.path} has no frame {frame}; move the playhead back", path=upload.path)


def _plain(config: RenderConfig) -> RenderConfig:
    """For one frame, which needs no file to go on from."""
    return config.model_copy(update={"work": WorkConfig(keep=False), "encode": EncodeConfig()})


def _rendered(source: Path, frame: int, config: RenderConfig) -> bytes:
    with tempfile.TemporaryDirectory(prefix="vidstyle-still-") as folder:
        target = Path(folder) / "after.png"
        render_shot(Shot(source, Span(frame, frame + 1)), target, config)
        return target.read_bytes()


def _drawn(picture: Bitmap, config: RenderConfig) -> bytes:
    with tempfile.TemporaryDirectory(prefix="vidstyle-still-") as folder:
        source = Path(folder) / "before.png"
        cv2.imwrite(str(source), cv2.cvtColor(picture[..., :3], cv2.COLOR_RGB2BGR))
        return _rendered(source, 0, config)


def _shrunk(picture: Bitmap, pixels: int) -> Bitmap:
    height, width = picture.shape[:2]
    factor = min(1.0, (pixels / (width * height)) ** 0.5)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(picture.dtype)


def _jpeg(picture: Bitmap) -> bytes:
    quality = [cv2.IMWRITE_JPEG_QUALITY, 90]
    return bytes(cv2.imencode(".jpg", cv2.cvtColor(picture[..., :3], cv2.COLOR_RGB2BGR), quality)[1].tobytes())
