"""What the page can ask for, without a word of HTTP: one method for each button."""

import shutil
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from vidstyle import __version__
from vidstyle.networks import read_card, style_folders
from vidstyle.networks.looks import REFERENCE
from vidstyle.studio.config import StudioConfig
from vidstyle.studio.dressing import style_of_picture
from vidstyle.studio.learning import LEAST, Lesson, lesson_work
from vidstyle.studio.lists import batch_work, plan_rows, plan_upload
from vidstyle.studio.look import Look
from vidstyle.studio.rendering import RESULT, measure_work, render_work
from vidstyle.studio.sessions import Session, Sessions, Upload
from vidstyle.studio.stills import Stills
from vidstyle.studio.tasks import Kind, Queue, Task


class Wish(BaseModel):
    """An upload and a look: what most buttons send."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    look: Look = Field(default_factory=Look)
    frame: int = Field(default=0, ge=0, description="of a preview")
    quick: bool = Field(default=False, description="of a preview: small, and soon there")
    fps: str = Field(default="", max_length=20, description="frames per second that a list counts in")
    handles: int = Field(default=0, ge=0, le=1000, description="frames beside each cut of a list")


class MeasureWish(BaseModel):
    """A render that is to be measured."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    task: str
    alone: bool = Field(default=False, description="against the same style without blending")


class Picture(BaseModel):
    """An upload that is to be a style."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str


class Studio:
    """Joins sessions, queue and library."""

    def __init__(self, config: StudioConfig, sessions: Sessions, queue: Queue, trainings: Queue) -> None:
        self.config, self.sessions = config, sessions
        self._queues = {"train": trainings}
        self._queue = queue
        self.stills = Stills(sessions.folder / "thumbnails", config.device)
        self._rendered: dict[str, tuple[Upload, Look]] = {}

    def tell(self, session: Session) -> dict[str, Any]:
        """Everything that the page shows when it is loaded."""
        return {
            "version": __version__,
            "files": [upload.facts for upload in session.uploads.values()],
            "styles": [self._style(session, name) for name in session.styles()],
            "looks_at_pictures": REFERENCE in style_folders(),
            "tasks": self.tasks(session),
            "limits": self.config.model_dump(
                include={"upload_megabytes", "session_megabytes", "seconds", "pixels", "minutes", "keep_hours"}
            )
            | {"least": LEAST},
        }

    def words(self, session: Session, wish: Wish) -> dict[str, str]:
        """The same as a command and as TOML."""
        upload = _shown(session, wish)
        return {"command": wish.look.command(session, upload), "toml": wish.look.toml(session, upload)}

    def dress(self, session: Session, wish: Picture) -> dict[str, str]:
        """Make a style of a picture that was dropped."""
        return {"style": style_of_picture(session, session.upload(wish.file), self.config.device)}

    def plan(self, session: Session, wish: Wish) -> dict[str, Any]:
        """What a batch would do."""
        upload = session.upload(wish.file)
        return plan_rows(plan_upload(session, upload, wish.look, self.config.device, wish.fps, wish.handles), session)

    def render(self, session: Session, wish: Wish) -> dict[str, Any]:
        """Queue a render."""
        upload = _shown(session, wish)
        work = render_work(session, upload, wish.look, self.config.device)
        task = self._add(session, "render", f"{upload.path.name} in {wish.look.style}", work)
        self._rendered[task.id] = upload, wish.look
        task.told |= {"command": wish.look.command(session, upload), "file": upload.id}
        task.told["ratio"] = upload.facts.get("width", 16) / upload.facts.get("height", 9)
        return self._told(task)

    def measure(self, session: Session, wish: MeasureWish) -> dict[str, Any]:
        """Queue a measurement of a finished render."""
        rendered = self.task(session, wish.task)
        upload, look = self._rendered.get(rendered.id, (None, None))
        if upload is None or look is None or RESULT not in rendered.results or not upload.is_clip:
            raise HTTPException(422, "this is no finished render of a clip; render one, then measure it")
        work = measure_work(session, upload, look, rendered, self.config.device, alone=wish.alone)
        return self._told(self._add(session, "measure", rendered.results[RESULT], work))

    def batch(self, session: Session, wish: Wish) -> dict[str, Any]:
        """Queue a batch."""
        upload = session.upload(wish.file)
        work = batch_work(session, upload, wish.look, self.config.device, wish.fps, wish.handles)
        return self._told(self._add(session, "batch", upload.path.name, work))

    def train(self, session: Session, lesson: Lesson) -> dict[str, Any]:
        """Queue a training."""
        if lesson.minutes > self.config.minutes:
            raise HTTPException(422, f"{self.config.minutes:g} minutes are the most that are allowed here; choose less")
        work = lesson_work(session, lesson, self.config.device)
        return self._told(self._add(session, "train", lesson.name, work))

    def tasks(self, session: Session) -> list[dict[str, Any]]:
        """A session's tasks, the newest first."""
        found = [task for queue in self._all() for task in queue.of(session.id)]
        return [self._told(task) for task in sorted(found, key=lambda task: -task.created)]

    def task(self, session: Session, key: str) -> Task:
        """One of them. Raises HTTPException where there is none."""
        for queue in self._all():
            for task in queue.of(session.id):
                if task.id == key:
                    return task
        raise HTTPException(404, "this task is not here any more; start it again")

    def stop(self, session: Session, key: str) -> dict[str, Any]:
        """Cancel a task, or forget one that is over, with all that it made."""
        task = self.task(session, key)
        if task.is_open:
            self._of(task.kind).cancel(task)
        else:
            self._of(task.kind).drop(task)
            self._rendered.pop(task.id, None)
            shutil.rmtree(task.folder, ignore_errors=True)
        return self._told(task)

    def remove(self, session: Session, key: str) -> None:
        """Delete an upload."""
        upload = session.upload(key)
        if any(task["state"] in ("waiting", "working") for task in self.tasks(session)):
            raise HTTPException(409, "tasks are at work on your files; wait for them or cancel them first")
        del session.uploads[upload.id]
        shutil.rmtree(upload.path.parent, ignore_errors=True)

    def sweep(self) -> None:
        """Forget idle sessions."""
        busy = set[str]().union(*(queue.busy() for queue in self._all()))
        for session in self.sessions.sweep(busy):
            for queue in self._all():
                queue.forget(session.id)

    def _all(self) -> list[Queue]:
        return [self._queue, *self._queues.values()]

    def _of(self, kind: Kind) -> Queue:
        return self._queues.get(kind, self._queue)

    def _add(self, session: Session, kind: Kind, title: str, work: Callable[[Task], None]) -> Task:
        waiting = sum(task["state"] in ("waiting", "working") for task in self.tasks(session))
        if waiting >= self.config.tasks:
            raise HTTPException(429, f"{waiting} tasks of yours are waiting already; let some finish first")
        folder = session.new_folder("tasks")
        task = Task(folder.name, session.id, kind, title, folder, _cleaning(session, work))
        self._of(kind).add(task)
        return task

    def _told(self, task: Task) -> dict[str, Any]:
        names = ("id", "kind", "title", "state", "doing", "frames", "total", "fps", "eta", "message", "seconds")
        told: dict[str, Any] = {name: getattr(task, name) for name in names}
        return told | {"results": dict(task.results), "told": dict(task.told), "ahead": self._of(task.kind).ahead(task)}

    def _style(self, session: Session, name: str) -> dict[str, Any]:
        folder = session.styles()[name]
        card = read_card(folder)
        told = {"name": name, "title": card.title, "description": card.description, "stability": card.stability}
        told |= {"licence": card.licence, "own": folder.is_relative_to(session.folder)}
        picture = session.looks.get(name)
        return told | {"picture": picture.id if picture is not None and picture.id in session.uploads else None}


def _cleaning(session: Session, work: Callable[[Task], None]) -> Callable[[Task], None]:
    """Let a task that does not finish leave no file, and no folder of this machine in its words."""

    def run(task: Task) -> None:
        try:
            work(task)
        except BaseException as error:
            if task.kind != "batch":  # whose finished shots are worth having
                task.results.clear()
                shutil.rmtree(task.folder, ignore_errors=True)
            if isinstance(error, Exception) and error.args and isinstance(error.args[0], str):
                error.args = (session.hide(error.args[0]), *error.args[1:])
            raise

    return run


def _shown(session: Session, wish: Wish) -> Upload:
    """A clip or a picture. Raises HTTPException where it is a list."""
    upload = session.upload(wish.file)
    if upload.facts["kind"] == "list":
        raise HTTPException(422, f"{upload.path.name} is a list of shots; render it under Batch")
    return upload
