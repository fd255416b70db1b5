"""One shot to be rendered, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from vidstyle.config import RenderConfig
from vidstyle.jobs.naming import TEMPLATE
from vidstyle.jobs.placing import Placement
from vidstyle.report import RenderReport
from vidstyle.shots import Event, Shot

Action = Literal["render", "anew", "go on", "skip"]
SceneBy = Literal["scene", "sequence", "name"]


class ClusterConfig(BaseModel):
    """What a worker of a cluster asks for, and how it is reached."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str | None = Field(
        default=None, description="HOST:PORT or auto; none: what RAY_ADDRESS says, else workers on this machine alone"
    )
    cpus: float = Field(default=1, gt=0, description="cores asked for by a worker; its networks use as many threads")
    gpus: float | None = Field(
        default=None, ge=0, description="GPUs asked for by a worker; none: one where there are any and it may be used"
    )
    memory: float | None = Field(
        default=None, gt=0, description="GB of memory asked for by a worker; none: estimated by the largest picture"
    )
    patience: float = Field(default=300, gt=0, description="seconds to wait for a worker")
    store: str | None = Field(
        default=None, description="URL that sources and results travel through, where machines share no file system"
    )


class BatchConfig(BaseModel):
    """How a list of shots is rendered."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    template: str = Field(default=TEMPLATE, description="names of the clips, below the folder of -o")
    handles: int = Field(default=8, ge=0, description="frames beside each cut, where the source has them")
    retry: int | None = Field(
        default=None, ge=0, description="further attempts where an error may pass (exit 74, 75); none: 0, with ray 3"
    )
    jobs: int | None = Field(
        default=None, ge=1, description="shots rendered at once; none: one, or of a cluster as many as it has room for"
    )
    executor: str | None = Field(
        default=None, description="who renders: serial, processes, ray; none: processes where jobs is above 1"
    )
    cluster: ClusterConfig = Field(default_factory=ClusterConfig)
    part_frames: int | None = Field(
        default=None,
        ge=16,
        description="ray: frames of the parts that longer shots are rendered in, by several workers; none: whole shots",
    )
    only: tuple[str, ...] = Field(default=(), description="patterns of shots' names, such as 010_*; empty: all")
    first: tuple[str, ...] = Field(default=(), description="patterns of shots that come before the others")
    longest_first: bool = Field(
        default=False, description="begin the longest shots first, not the cut's: with many workers it ends sooner"
    )
    scene_by: SceneBy | None = Field(
        default=None,
        description="let shots of one scene share their colours; a scene is what the list's column scene or sequence "
        "says, or a shot's name without its last part (sc1_010: sc1); none: each shot by itself",
    )
    trial: bool = Field(default=True, description="time a few frames of each style to estimate how long it takes")

    @model_validator(mode="after")
    def _parts_need_a_cluster(self) -> "BatchConfig":
        if self.part_frames is not None and self.executor != "ray":
            raise ValueError("part_frames divides shots among the workers of a cluster; add --executor ray")
        return self

    @property
    def attempts(self) -> int:
        """How often a shot is tried; on many machines something is always lost."""
        usual = 3 if self.executor == "ray" else 0
        return 1 + (usual if self.retry is None else self.retry)


@dataclass(frozen=True, slots=True)
class Job:
    """A shot with all that rendering it takes.

    Convention: `target` and `action` are decided with the ledger; `reason` says why. `anew` replaces what a stopped run
    of ours has left, `go on` makes use of it.
    `facts` is all that its frames depend on, by name. `size` is width and height as shown, `rate` frames per second.
    """

    event: Event
    source: Path
    placement: Placement
    config: RenderConfig
    facts: Mapping[str, str]
    version: int
    target: Path
    action: Action
    reason: str
    size: tuple[int, int]
    rate: Fraction
    timecode: str = ""
    reel: str = ""
    style_name: str = ""
    seconds: float | None = None
    bytes: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The shot's name, which is its own within a batch."""
        return self.event.shot

    @property
    def pixels(self) -> int:
        """How many pixels a frame has."""
        return self.size[0] * self.size[1]

    @property
    def frames(self) -> int:
        """How many frames are rendered."""
        return self.placement.frames

    @property
    def shot(self) -> Shot:
        """What the pipeline renders."""
        return Shot(self.source, self.placement.span, self.name, timecode=self.placement.timecode, reel=self.reel)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one shot: a report, or an error as a value; the other shots go on."""

    job: Job
    status: Literal["done", "skipped", "failed"]
    report: RenderReport | None = None
    error: str = ""
    message: str = ""
    exit_code: int = 0
    attempts: int = 1
    sha256: str = ""
    seconds: float = 0.0
    warnings: tuple[str, ...] = field(default=())
