"""The grade stage: one constant change of colour for a whole shot, on what the generator made."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from vidstyle.stages.batches import StyledBatch

_Gain = Annotated[float, Field(ge=0.25, le=4)]
_Offset = Annotated[float, Field(ge=-1, le=1)]


class GradeConfig(BaseModel):
    """A change of colour that never moves within a render, so that it can't flicker."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gain: tuple[_Gain, _Gain, _Gain] = Field(
        default=(1.0, 1.0, 1.0), description="factors of red, green and blue, display-referred"
    )
    offset: tuple[_Offset, _Offset, _Offset] = Field(
        default=(0.0, 0.0, 0.0), description="added after the gain, of full scale 1"
    )

    @property
    def is_neutral(self) -> bool:
        """Whether nothing changes."""
        return self == GradeConfig()


def grade(batches: Iterable[StyledBatch], config: GradeConfig) -> Iterable[StyledBatch]:
    """Grade a stream: out = gain · picture + offset, held within [0, 1]; a neutral grade is no stage at all.

    Convention: before the blend, so that strength still mixes the source itself, and the blend remembers one look.
    """
    return batches if config.is_neutral else _graded(batches, config)


def _graded(batches: Iterable[StyledBatch], config: GradeConfig) -> Iterator[StyledBatch]:
    for batch in batches:
        gain, offset = (batch.images.new_tensor(values)[:, None, None] for values in (config.gain, config.offset))
        yield replace(batch, images=(batch.images * gain + offset).clamp(0, 1))
