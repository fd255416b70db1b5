"""What runs on a cluster's machines: one process that renders one shot after another, and tells how far it is."""

import functools
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vidstyle.jobs.executors import Made
    from vidstyle.jobs.job import Job
    from vidstyle.progress import Progress

_RETRYABLE = (74, 75)
_BUSY = 60.0  # seconds that a lost worker's process may outlive the news of its loss


@dataclass(frozen=True, slots=True)
class Place:
    """Where a worker is: the cluster's name of the node, the host's own, and the process."""

    node: str
    host: str
    pid: int


class RayWorker:
    """Renders jobs; an actor with three threads, so that it can be looked at and stopped while it renders."""

    def __init__(self, threads: int, styles: Mapping[str, tuple[str, list[Any]]], store: str | None) -> None:
        os.environ["OMP_NUM_THREADS"] = str(threads)
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # both are read when torch is first imported, which is now
        from vidstyle.devices import keep_to  # noqa: PLC0415

        keep_to(threads)
        self._styles, self._store = styles, store
        self._lent: set[str] = set()
        self._progress: Progress | None = None

    def place(self) -> Place:
        """Tell where this is."""
        import ray  # noqa: PLC0415

        return Place(ray.get_runtime_context().get_node_id(), socket.gethostname(), os.getpid())

    def look(self) -> "Progress | None":
        """Tell how far the shot is."""
        return self._progress

    def stop(self) -> None:
        """End the shot after the next batch: what is finished is kept, as after SIGTERM."""
        from vidstyle.stopping import ask  # noqa: PLC0415

        ask()

    def render(self, job: "Job", again: bool) -> "Made":
        """Render one shot; `again` where another worker may have been at it just now."""
        from vidstyle.errors import VidstyleError  # noqa: PLC0415
        from vidstyle.farm.dividing import PartJob, render_part  # noqa: PLC0415
        from vidstyle.farm.store import through_store  # noqa: PLC0415
        from vidstyle.jobs.rendering import Failure, render_job  # noqa: PLC0415
        from vidstyle.stopping import Stopped  # noqa: PLC0415

        self._progress = None
        begun = time.monotonic()
        try:
            self._borrow(job)
            while True:
                if isinstance(job, PartJob):
                    made = render_part(job, self._note)
                else:
                    made = through_store(job, self._store, self._note) if self._store else render_job(job, self._note)
                # A machine that the cluster has given up may take a moment longer to let go of the shot's files.
                busy = isinstance(made, Failure) and made.error == "TargetBusyError"
                if not (again and busy and time.monotonic() - begun < _BUSY):
                    return made
                time.sleep(1)
        except VidstyleError as error:
            return Failure(type(error).__name__, str(error), error.exit_code, may_pass=error.exit_code in _RETRYABLE)
        except Stopped:
            return Failure("Stopped", "stopped by who asked for it; it can be gone on with", 75, may_pass=True)

    def _note(self, progress: "Progress") -> None:
        self._progress = progress

    def _borrow(self, job: "Job") -> None:
        """See that the job's styles are on this machine."""
        from vidstyle.farm.lending import styles_of, unpack  # noqa: PLC0415
        from vidstyle.networks.gallery import lend_styles  # noqa: PLC0415

        for name in styles_of([job.config.style]):
            if name not in self._lent:
                digest, (packed,) = self._styles[name]
                lend_styles({name: unpack(digest, functools.partial(_fetched, packed))})
                self._lent.add(name)


def _fetched(packed: Any) -> Mapping[str, bytes]:
    import ray  # noqa: PLC0415

    files: Mapping[str, bytes] = ray.get(packed)
    return files
