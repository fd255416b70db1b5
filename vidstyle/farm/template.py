"""One model of a farm's job: for each shot the frames to be rendered, in chunks, and the joining after them."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from vidstyle.errors import ConfigError, ShotListError
from vidstyle.jobs.job import Job
from vidstyle.jobs.planning import Plan
from vidstyle.media.numbering import names_pictures
from vidstyle.networks.mixing import parse_styles

Format = Literal["openjd", "opencue", "deadline", "slurm"]
FORMATS = get_args(Format)
FIRST = 1001  # number of each shot's first frame
_OTHER_FLAGS = ("style", "device", "encode.start_number")  # settings that a command says otherwise


class FarmConfig(BaseModel):
    """What a farm's tasks ask for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    chunk: int = Field(default=100, ge=1, description="frames of a task, as a rule; a shorter shot is one task")
    preroll: int | None = Field(default=None, ge=0, description="frames rendered before each chunk; none: the default")
    gpus: int = Field(default=1, ge=0, description="GPUs of a task")
    memory: int = Field(default=8, ge=1, description="GiB of memory of a task")
    cores: int = Field(default=4, ge=1, description="CPU cores of a task")
    minutes: int = Field(default=240, ge=1, description="time after which a task is ended")
    executable: str = Field(default="vidstyle", description="the program as the farm's machines call it")


class FarmShot(BaseModel):
    """A shot: where it comes from and goes to, its frame numbers, and the words of the command that renders it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    source: Path
    target: Path
    first: int = Field(description="number of the first frame")
    last: int = Field(description="number of the last frame")
    settings: tuple[str, ...] = Field(description="of the command, but for what to render")

    @property
    def frames(self) -> str:
        """The range of frames as farms write it."""
        return f"{self.first}-{self.last}"

    @property
    def is_sequence(self) -> bool:
        """Whether its pictures are files of their own: the joining only looks whether all are there."""
        return names_pictures(self.target)

    def command(self, frames: str, *, source: str = "", target: str = "") -> list[str]:
        """Give the words that render `frames`, a scheduler's own word for them or a range."""
        words = ["stylize", source or str(self.source), "-o", target or str(self.target), *self.settings]
        return [*words, "--frame-range", frames]

    def join_command(self, *, source: str = "", target: str = "") -> list[str]:
        """Give the words that join its parts."""
        return ["join", "-o", target or str(self.target), "--source", source or str(self.source)]

    def chunks(self, size: int) -> list[str]:
        """Divide its frames into ranges of about `size`, of as equal length as can be."""
        total = self.last - self.first + 1
        count = -(-total // size)
        edges = [self.first + total * place // count for place in range(count + 1)]
        return [f"{edges[n]}-{edges[n + 1] - 1}" for n in range(count)]


class FarmJob(BaseModel):
    """A list of shots as a job of a farm."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    folder: Path = Field(description="of the results")
    shots: tuple[FarmShot, ...]
    config: FarmConfig

    @property
    def source_root(self) -> Path:
        """The folder that all sources lie below."""
        return Path(os.path.commonpath([shot.source.parent for shot in self.shots]))


def farm_job(plan: Plan, config: FarmConfig) -> FarmJob:
    """Make a job of a plan's shots that are not finished.

    Convention: each shot's frames are numbered from 1001 on, handles included; names of styles stay names, folders of
    them and everything else that is a path become absolute.

    Raises ShotListError where the plan has problems, or nothing is left to be rendered.
    """
    if plan.problems:
        raise ShotListError("\n".join([*plan.problems, "mend these first"]), path=plan.edit.path)
    if not plan.to_render:
        raise ShotListError(
            f"every shot of {plan.edit.path} is finished; there is nothing to render", path=plan.edit.path
        )
    shots = tuple(_shot(job, config) for job in plan.to_render)
    return FarmJob(
        name=plan.edit.name or plan.edit.path.stem, folder=plan.folder.absolute(), shots=shots, config=config
    )


def _shot(job: Job, config: FarmConfig) -> FarmShot:
    span = job.placement.span
    words = ["--frames", str(span), "--start-number", str(FIRST), "--style", _absolute(job.config.style)]
    words += [] if job.config.device == "auto" else ["--device", job.config.device]
    words += [] if config.preroll is None else ["--preroll", str(config.preroll)]
    for key, value in _flat(job.config.model_dump(mode="json", exclude_unset=True)):
        if key not in _OTHER_FLAGS:
            words += ["--set", f"{key}={_toml(value)}"]
    return FarmShot(
        name=job.name, source=job.source.absolute(), target=job.target.absolute(), first=FIRST,
        last=FIRST + job.frames - 1, settings=tuple(words),
    )  # fmt: skip


def _absolute(style: str) -> str:
    """A style's text with folders as absolute paths."""
    shares = parse_styles(style)
    named = [(str(Path(name).absolute()) if Path(name).is_dir() else name, weight) for name, weight in shares]
    if len(named) == 1:
        return named[0][0]
    return ",".join(f"{name}:{weight:g}" for name, weight in named)


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{name}.")
        elif value is not None and value != {}:
            yield prefix + name, value


def _toml(value: object) -> str:
    """A setting's value as `--set` reads it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)


Write = Callable[[FarmJob], Mapping[str, str]]  # file names and texts


def write_template(job: FarmJob, form: str) -> Mapping[str, str]:
    """Give the files of a job for a scheduler, by name. Raises ConfigError for an unknown scheduler."""
    from vidstyle.farm import deadline, opencue, openjd, slurm  # noqa: PLC0415 (each of them knows the model)

    writers: dict[str, Write] = {
        "openjd": openjd.write, "opencue": opencue.write, "deadline": deadline.write, "slurm": slurm.write
    }  # fmt: skip
    if form not in writers:
        raise ConfigError(f"--format {form!r} is none of {', '.join(writers)}", key="format")
    return writers[form](job)


def distinct_names(names: Iterable[str], longest: int, also: Sequence[str] = ()) -> list[str]:
    """Shorten names to what a scheduler takes, so that no two are the same, with or without endings `also`."""
    room = longest - max(map(len, also), default=0)
    taken, made = set[str](), list[str]()
    for name in names:
        short, number = name[:room], 2
        while short in taken:
            short, number = f"{name[: room - len(str(number)) - 1]}~{number}", number + 1
        taken.add(short)
        made.append(short)
    return made
