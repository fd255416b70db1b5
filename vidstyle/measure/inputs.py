"""Which clips are measured, and which of their frames."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from vidstyle.errors import ConfigError
from vidstyle.frames import Span


class Inputs(BaseModel):
    """The clips that are measured, and which of their frames.

    Convention: `span` counts frames of the source; frame 0 of result and reference is the source's `result_start`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Path
    result: Path
    reference: Path | None = Field(default=None, description="the same style without blending")
    start: int = Field(default=0, ge=0, description="number in the source of the first frame that is measured")
    stop: int | None = Field(default=None, description="number of the first frame after them; none: to the end")
    result_start: int = Field(default=0, ge=0, description="number in the source of the result's first frame")

    @classmethod
    def of(
        cls,
        source: Path,
        result: Path,
        reference: Path | None = None,
        *,
        frames: str | None = None,
        result_start: int = 0,
    ) -> "Inputs":
        """Read `frames` as A-B, B not included; all that the result shows where it is None.

        Raises ConfigError where it is no range, or begins before the result does.
        """
        span = Span.parse(frames) if frames else Span(result_start)
        if span.start < result_start:
            raise ConfigError(
                f"frames {span} begin before the result, whose first frame is number {result_start} of the source; "
                f"write --frames {result_start}- or later",
                key="frames",
            )
        return cls(
            source=source,
            result=result,
            reference=reference,
            start=span.start,
            stop=span.stop,
            result_start=result_start,
        )

    @property
    def paths(self) -> list[Path]:
        """The clips that there are, the source first."""
        return [path for path in (self.source, self.result, self.reference) if path is not None]

    @property
    def spans(self) -> list[Span]:
        """The span of each of `paths`, in its own frame numbers."""
        stop = None if self.stop is None else self.stop - self.result_start
        part = Span(self.start - self.result_start, stop)
        return [Span(self.start, self.stop), part, part][: len(self.paths)]
