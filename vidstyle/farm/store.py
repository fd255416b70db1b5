"""A place that all machines reach where they share no file system: any URL that fsspec knows, such as s3://bucket/film.

Sources go there once, named by their content; results are fetched from there beside the ledger, and stay. A worker
renders on its own disk: frames that it has finished are lost with the machine, not only with the process.
"""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from vidstyle.errors import ClipWriteError, ConfigError, PluginError, VidstyleError
from vidstyle.farm.lending import cache_folder
from vidstyle.jobs.deciding import hash_of
from vidstyle.jobs.executors import Made
from vidstyle.jobs.job import Job
from vidstyle.jobs.rendering import Failure, render_job
from vidstyle.media import find_pictures
from vidstyle.media.numbering import names_pictures
from vidstyle.progress import OnProgress
from vidstyle.report import RenderReport


class Store:
    """The driver's side and the worker's: files by name, below one URL.

    Raises:
        PluginError: fsspec, or the package for this kind of URL, is not installed.
        ConfigError: the URL can't be used.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            import fsspec  # noqa: PLC0415 (an extra)

            self._system, root = fsspec.core.url_to_fs(url)
        except ImportError as error:
            raise PluginError(f"{url} can't be reached: {error}", group="stores", name="fsspec") from error
        except (ValueError, OSError) as error:
            raise ConfigError(f"{url} can't be reached: {error}", key="cluster.store") from error
        self._root = str(root).rstrip("/")

    def put(self, path: Path, name: str, *, anew: bool = True) -> None:
        """Copy a file there; without `anew` only where none of its size stands under the name."""
        with self._translated(name):
            place = f"{self._root}/{name}"
            if not anew and self._system.exists(place) and self._system.size(place) == path.stat().st_size:
                return
            self._system.makedirs(place.rpartition("/")[0], exist_ok=True)
            self._system.put_file(str(path), place)

    def get(self, name: str, path: Path) -> None:
        """Copy a file from there; it has its name when it is whole."""
        with self._translated(name):
            path.parent.mkdir(parents=True, exist_ok=True)
            coming = path.with_name(f".{path.name}.coming")
            self._system.get_file(f"{self._root}/{name}", str(coming))
            coming.replace(path)

    def names(self, folder: str) -> list[str]:
        """The files of a folder there."""
        with self._translated(folder):
            return [Path(str(each)).name for each in self._system.ls(f"{self._root}/{folder}", detail=False)]

    def send(self, job: Job) -> None:
        """Put a job's source there. Raises ConfigError where it needs files that can't travel."""
        if job.config.mask.file is not None or job.config.motion.estimator == "vectors":
            told = f"{job.name} needs mattes or vectors from files, which a store does not carry; share a file system"
            raise ConfigError(told, key="cluster.store")
        for file in _files(job.source):
            self.put(file, f"{_source_folder(job)}/{file.name}", anew=False)

    def collect(self, job: Job, made: Made) -> Made:
        """Fetch a job's result to its target, and prove it whole; an error is a value."""
        if not isinstance(made, RenderReport):
            return made
        try:
            folder = _result_folder(job)
            for name in self.names(folder):
                self.get(f"{folder}/{name}", job.target.with_name(name))
            if made.outcome is not None and hash_of(job.target) != made.outcome.sha256:
                raise ClipWriteError(f"{job.target} came otherwise than it was sent; try again", path=job.target)
        except VidstyleError as error:
            return Failure(type(error).__name__, str(error), error.exit_code, may_pass=True)
        return made.model_copy(update={"target": job.target, "source": job.source})

    @contextmanager
    def _translated(self, name: str) -> Iterator[None]:
        try:
            yield
        except VidstyleError:
            raise
        except Exception as error:  # each kind of store has errors of its own
            told = f"{self.url}: {name}: {type(error).__name__}: {error}"
            raise ClipWriteError(f"{told}; is the store there, and may we write to it?", path=Path(name)) from error


def through_store(job: Job, url: str, on_progress: OnProgress) -> Made:
    """Render a job on this machine's own disk, its source from the store and its result to it."""
    scratch = cache_folder() / "work" / hashlib.sha256(str(job.target).encode()).hexdigest()[:16]
    try:
        store = Store(url)
        here = _borrowed(job, store)
        target = scratch / job.target.name
        made = render_job(replace(job, source=here, target=target, action="go on"), on_progress)
        if isinstance(made, RenderReport):
            for file in _files(target):
                store.put(file, f"{_result_folder(job)}/{file.name}")
            shutil.rmtree(scratch, ignore_errors=True)
    except VidstyleError as error:
        return Failure(type(error).__name__, str(error), error.exit_code, may_pass=isinstance(error, ClipWriteError))
    return made


def _borrowed(job: Job, store: Store) -> Path:
    """The source on this machine's own disk."""
    folder = _source_folder(job)
    here = cache_folder() / folder
    for name in store.names(folder):
        if not (here / name).exists():
            store.get(f"{folder}/{name}", here / name)
    return here / job.source.name


def _source_folder(job: Job) -> str:
    told = [text for name, text in sorted(job.facts.items()) if name.startswith("source")]
    return f"sources/{hashlib.sha256(' '.join(told).encode()).hexdigest()[:16]}"


def _result_folder(job: Job) -> str:
    return f"results/{job.name}/v{job.version:03}"


def _files(path: Path) -> list[Path]:
    """A clip, or the pictures of a sequence."""
    return [path] if path.is_file() or not names_pictures(path) else list(find_pictures(path).values())
