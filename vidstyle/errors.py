"""Every error that vidstyle raises on purpose, and the exit code each one ends the program with.

    VidstyleError                                     70   unexpected inside
    ├── ConfigError              (ValueError)         78   .key
    ├── PluginError              (LookupError)        78   .group .name     unknown name, or the extra to install
    ├── ShotListError            (ValueError)         65   .path .line
    ├── ClipError                                          .path
    │   ├── ClipMissingError     (FileNotFoundError)  66
    │   ├── ClipReadError                             65   .pts             bad or undecodable
    │   ├── TargetError                               73   can't be created, or is there already
    │   │   └── TargetBusyError                       75   another worker is at it: later, it may be done
    │   └── ClipWriteError       (OSError)            74   disk full, I/O: may be retried
    ├── StyleError                                    65   .style           card, checksum or weights do not fit
    ├── TrainingError                                 65   .recipe          data missing, or the training diverged
    ├── MeasureError                                  65                   clips that can't be held against each other
    ├── PartsError                                65                   parts of a shot that don't fit together
    ├── GateError                                     79   .failures        measured well, but not good enough
    └── DeviceError                                   75   .device          another node may succeed: retry there
        ├── OutOfMemoryError
        └── EncoderUnavailableError                        .encoder         listed, but does not open here

Codes are those of sysexits(3), but for 79, the first one after them. Usage errors end with 2, SIGINT with 130 and
SIGTERM with 143. Only 74 and 75 (RETRYABLE) may be retried, and what a signal ended. A message says what was found,
what was expected and the next step.
"""

from pathlib import Path
from typing import ClassVar

RETRYABLE = (74, 75)  # exit codes that another attempt, perhaps on another machine, may do away with


class VidstyleError(Exception):
    """Base of every error that vidstyle raises on purpose."""

    exit_code: ClassVar[int] = 70


class ConfigError(VidstyleError, ValueError):
    """A setting is unknown or out of range. `key` is its dotted name, empty where the whole file is meant."""

    exit_code = 78

    def __init__(self, message: str, *, key: str = "") -> None:
        super().__init__(message)
        self.key = key


class PluginError(VidstyleError, LookupError):
    """A plug-in name is not registered, or what it needs is not installed."""

    exit_code = 78

    def __init__(self, message: str, *, group: str, name: str) -> None:
        super().__init__(message)
        self.group = group
        self.name = name


class ShotListError(VidstyleError, ValueError):
    """A shot list can't be read. `line` counts from 1; None where the whole file is meant."""

    exit_code = 65

    def __init__(self, message: str, *, path: Path, line: int | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.line = line


class ClipError(VidstyleError):
    """Something is wrong with the clip at `path`."""

    def __init__(self, message: str, *, path: Path) -> None:
        super().__init__(message)
        self.path = path


class ClipMissingError(ClipError, FileNotFoundError):
    """The source clip is not there."""

    exit_code = 66


class ClipReadError(ClipError):
    """The source clip is damaged, empty or not a clip. `pts` is where, in ticks of the video stream, if known."""

    exit_code = 65

    def __init__(self, message: str, *, path: Path, pts: int | None = None) -> None:
        super().__init__(message, path=path)
        self.pts = pts


class TargetError(ClipError):
    """The target can't be created, or is there already and may not be replaced."""

    exit_code = 73


class TargetBusyError(TargetError):
    """Another worker is writing the target. May be retried."""

    exit_code = 75


class ClipWriteError(ClipError, OSError):
    """Writing failed half-way: the disk is full or went away. May be retried."""

    exit_code = 74


class StyleError(VidstyleError):
    """A style's card, checksum or weights do not fit together. `style` is its name or folder."""

    exit_code = 65

    def __init__(self, message: str, *, style: str) -> None:
        super().__init__(message)
        self.style = style


class TrainingError(VidstyleError):
    """A recipe's material is missing, or the training diverged. `recipe` is the recipe's file or name."""

    exit_code = 65

    def __init__(self, message: str, *, recipe: str) -> None:
        super().__init__(message)
        self.recipe = recipe


class MeasureError(VidstyleError):
    """Clips differ in size, length or frame rate, so that they can't be held against each other."""

    exit_code = 65


class PartsError(VidstyleError):
    """Parts of a shot don't fit together: one is missing, doubled, or made otherwise."""

    exit_code = 65


class GateError(VidstyleError):
    """A result was measured and does not pass. `failures` has one line for each gate that it failed."""

    exit_code = 79

    def __init__(self, failures: tuple[str, ...]) -> None:
        super().__init__("\n".join(failures))
        self.failures = failures


class DeviceError(VidstyleError):
    """A device is absent or fails; another machine may succeed."""

    exit_code = 75

    def __init__(self, message: str, *, device: str) -> None:
        super().__init__(message)
        self.device = device


class OutOfMemoryError(DeviceError):
    """The device has too little memory for this frame size."""


class EncoderUnavailableError(DeviceError):
    """The asked-for encoder is listed by FFmpeg but does not open on this machine."""

    def __init__(self, message: str, *, encoder: str, device: str = "cpu") -> None:
        super().__init__(message, device=device)
        self.encoder = encoder
