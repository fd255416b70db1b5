"""Renders one job; whatever goes wrong with it is a value."""

from collections.abc import Callable

from vidstyle.errors import RETRYABLE, TargetBusyError, TargetError, VidstyleError
from vidstyle.jobs.job import Job
from vidstyle.pipeline import render_shot
from vidstyle.progress import OnProgress
from vidstyle.report import RenderReport


class Failure(Exception):  # noqa: N818 (a value that crosses processes)
    """An error of one shot, in words that survive the way from a process."""

    def __init__(self, error: str, message: str, exit_code: int, *, may_pass: bool) -> None:
        super().__init__(message)
        self.error, self.message, self.exit_code, self.may_pass = error, message, exit_code, may_pass

    def __reduce__(self) -> tuple[object, ...]:
        return _failure, (self.error, self.message, self.exit_code, self.may_pass)


def render_job(job: Job, on_progress: OnProgress) -> RenderReport | Failure:
    """Render one job; an error of the shot comes back as a value."""
    return made_or_failed(lambda: _go_on(job, on_progress))


def made_or_failed(make: Callable[[], RenderReport]) -> RenderReport | Failure:
    """Give what `make` gives, or the error that it raised as a value."""
    try:
        return make()
    except VidstyleError as error:
        return Failure(type(error).__name__, str(error), error.exit_code, may_pass=error.exit_code in RETRYABLE)
    except Exception as error:  # the others must go on
        told = str(error) or type(error).__name__
        return Failure(type(error).__name__, told, VidstyleError.exit_code, may_pass=False)


def _go_on(job: Job, on_progress: OnProgress) -> RenderReport:
    job.target.parent.mkdir(parents=True, exist_ok=True)
    if job.action == "go on":
        try:
            return _render(job, on_progress, resume=True)
        except TargetBusyError:
            raise
        except TargetError:  # begun by other software or on another device: it can't be gone on with
            return _render(job, on_progress)
    return _render(job, on_progress)


def _render(job: Job, on_progress: OnProgress, *, resume: bool = False) -> RenderReport:
    # Plans give a shot a name that is free, or that a run of ours has begun and not finished.
    ours = job.action in ("go on", "anew")
    return render_shot(job.shot, job.target, job.config, overwrite=ours, resume=resume, on_progress=on_progress)


def _failure(error: str, message: str, exit_code: int, may_pass: bool) -> Failure:
    return Failure(error, message, exit_code, may_pass=may_pass)
