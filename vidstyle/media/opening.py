"""Opens files so that a name is only ever a name, and translates FFmpeg's errors to ours."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.codec.hwaccel import HWAccel
from av.container import InputContainer

from vidstyle.errors import ClipMissingError, ClipReadError, ClipWriteError, TargetError

# Without this list a text file named .mp4 that begins with "ffconcat" opens its neighbours, and a playlist the network.
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mxf,mpegts,mpeg,mpegvideo,flv,ogg,asf,gxf,nut,ivf,obu,av1,"
    "h264,hevc,m4v,dv,y4m,yuv4mpegpipe,vc1,vc1test,wav,mp3,flac,aac,gif,apng"
)
SAFE_INPUT = {"protocol_whitelist": "file", "format_whitelist": FORMATS}


def locator(path: Path) -> str:
    """The address under which FFmpeg takes `path` literally: colons, leading dashes and %04d mean nothing in it."""
    return f"file:{path.absolute()}"


@contextmanager
def open_source(path: Path, hwaccel: HWAccel | None = None) -> Iterator[InputContainer]:
    """Open a clip for reading, without any protocol but files and without play lists; decoded by `hwaccel` if given.

    Raises:
        ClipMissingError: there is no such file.
        ClipReadError: it is a folder, unreadable, empty, or no clip that FFmpeg knows.
    """
    _check_source(path)
    with translate_read_errors(path):
        container = av.open(
            locator(path), "r", container_options=dict(SAFE_INPUT), metadata_errors="replace", hwaccel=hwaccel
        )
    with container:
        yield container


def _check_source(path: Path) -> None:
    try:
        found = path.exists()
    except OSError as error:
        raise ClipReadError(f"{path} can't be read: {error.strerror}; check the name", path=path) from error
    if not found:
        raise ClipMissingError(f"no clip at {path}; check the name", path=path)
    if not path.is_file():
        raise ClipReadError(f"{path} is not a file; name one clip", path=path)
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise ClipReadError(f"{path} can't be read: {error.strerror}; check its permissions", path=path) from error
    if empty:
        raise ClipReadError(f"{path} is empty (0 bytes); copy it again from its origin", path=path)


@contextmanager
def translate_read_errors(path: Path, pts: int | None = None) -> Iterator[None]:
    """Turn FFmpeg's errors while reading into ClipReadError."""
    try:
        yield
    except av.FFmpegError as error:
        reason = error.strerror or type(error).__name__
        raise ClipReadError(
            f"{path} can't be read as a clip ({reason}); it is damaged, or of a kind that is not supported",
            path=path,
            pts=pts,
        ) from error


@contextmanager
def translate_write_errors(path: Path) -> Iterator[None]:
    """Turn FFmpeg's and the system's errors while writing into ClipWriteError, or TargetError where it can't begin."""
    try:
        yield
    except (av.FFmpegError, OSError) as error:
        if isinstance(error, ClipWriteError | TargetError):
            raise
        reason = error.strerror or str(error)
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
            raise TargetError(
                f"{path} can't be created ({reason}); choose a folder that can be written", path=path
            ) from error
        hint = "free some space" if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT) else "check the disk"
        raise ClipWriteError(f"writing {path} failed ({reason}); {hint} and try again", path=path) from error
