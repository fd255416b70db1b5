"""Motion on disk, kept from one render of a shot for the next: whatever its style and strength, it moves the same."""

import hashlib
import os
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.errors import ConfigError
from vidstyle.motion.flow import Flow, FlowEstimator
from vidstyle.motion.packing import PackingError, pack, unpack

_SUFFIX = ".flow"
_GB = 1e9
_AFTER_CLEARING = 0.9  # of the limit: clearing looks at every file, so it should not be due again at once


class CachedFlow:
    """An estimator that looks into the cache first.

    Convention: an entry's key is made of the two pictures as the estimator reads them, the kind of device and
    `settings`: not of names or times, so that takes, spans and copies of a shot share entries. What is found equals
    what would be estimated, bit by bit.
    """

    def __init__(self, estimator: FlowEstimator, cache: "FlowCache", settings: str) -> None:
        self.reads: Literal["luma", "rgb"] = estimator.reads
        self._estimator = estimator
        self._cache = cache
        self._settings = settings.encode()
        self._last: tuple[Tensor, bytes] | None = None

    def __call__(
        self,
        current: Float[Tensor, "n c h w"],
        previous: Float[Tensor, "n c h w"],
        numbers: Sequence[tuple[int, int]] | None = None,
    ) -> Flow:
        """Return the flow from each current frame to its previous one, on the frames' device."""
        keys = [self._key(now, before) for now, before in zip(current, previous, strict=True)]
        flows = {i: flow for i, key in enumerate(keys) if (flow := self._cache.load(key)) is not None}
        absent = [i for i in range(len(keys)) if i not in flows]
        if absent:
            told = None if numbers is None else [numbers[i] for i in absent]
            found = self._estimator(current[absent], previous[absent], told)
            for place, i in enumerate(absent):
                flows[i] = found[place : place + 1]
                self._cache.store(keys[i], flows[i])
        ordered = [flows[i].to(current.device) for i in range(len(keys))]
        return Flow(
            *(torch.cat(parts) for parts in zip(*((f.to_previous, f.visibility) for f in ordered), strict=True))
        )

    def _key(self, now: Tensor, before: Tensor) -> str:
        earlier, present = self._digest(before), self._digest(now)  # in the order in which frames come
        device = now.device.type.encode()
        return hashlib.blake2b(b"\0".join((self._settings, device, present, earlier)), digest_size=32).hexdigest()

    def _digest(self, picture: Tensor) -> bytes:
        if self._last is None or not torch.equal(self._last[0], picture):
            plane = picture.detach().cpu().contiguous()
            digest = hashlib.blake2b(f"{tuple(plane.shape)} {plane.dtype}".encode())  # quicker than sha256 by half
            digest.update(plane.numpy().data)
            self._last = picture, digest.digest()
        return self._last[1]


class FlowCache:
    """A folder of packed flows that several processes may share.

    Convention: `limit` in GB (10^9 bytes); once it is passed, what was not used for longest goes until nine tenths
    are left. An entry is written under a passing name and moved into place, so nobody reads half of one; one that is
    damaged counts as absent. Where nothing more can be written, a warning says so and the render goes on.

    Raises:
        ConfigError: the folder can't be made or written.
    """

    def __init__(self, folder: Path, limit: float) -> None:
        self._folder = folder
        self._limit = limit * _GB
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise ConfigError(
                f"motion.cache = {str(folder)!r} can't be written: {error.strerror}; name a folder that can",
                key="motion.cache",
            ) from error
        self._size = sum(size for _, size, _ in self._entries())
        self._writes = True

    def load(self, key: str) -> Flow | None:
        """Give what is kept under a key, on the CPU; None where nothing is, or nothing whole."""
        path = self._path(key)
        try:
            flow = unpack(path.read_bytes())
            os.utime(path)  # used: leaves later
        except (OSError, PackingError):
            return None
        return flow

    def store(self, key: str, flow: Flow) -> None:
        """Keep the flow of one pair under a key."""
        if not self._writes:
            return
        path = self._path(key)
        content = pack(flow)
        try:
            path.parent.mkdir(exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as passing:
                passing.write(content)
            Path(passing.name).replace(path)
        except OSError as error:
            self._writes = False
            warnings.warn(f"motion.cache {self._folder}: {error.strerror}; nothing more is kept", stacklevel=2)
            return
        self._size += len(content)
        if self._size > self._limit:
            self._clear()

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}{_SUFFIX}"

    def _clear(self) -> None:
        entries = sorted(self._entries())
        self._size = sum(size for _, size, _ in entries)
        for _, size, path in entries:
            if self._size <= _AFTER_CLEARING * self._limit:
                break
            path.unlink(missing_ok=True)
            self._size -= size

    def _entries(self) -> list[tuple[int, int, Path]]:
        """Give (time of last use in ns, bytes, path) of all that is kept."""
        found = []
        for path in self._folder.glob(f"??/*{_SUFFIX}"):
            try:
                facts = path.stat()
            except OSError:  # another process has just cleared it away
                continue
            found.append((facts.st_mtime_ns, facts.st_size, path))
        return found
