"""What is found out about a result, as values that fit into JSON."""

from pydantic import BaseModel, ConfigDict, Field

from vidstyle.measure.drift import ColourShift, DriftFigures
from vidstyle.measure.worst import WorstFrame


class _Figures(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WarpFigures(_Figures):
    """E_warp of the clips over the same flow: mean squared error per channel, RGB 0 to 1."""

    distance: int = Field(description="frames from the earlier to the later of each pair")
    pairs: int = Field(description="pairs of frames that count; those across a cut or at a flash do not")
    source: float | None
    result: float | None
    reference: float | None = Field(description="None when there is no reference")

    @property
    def ratio(self) -> float | None:
        """How many times lower the result's error is than the reference's."""
        return self.reference / self.result if self.reference is not None and self.result else None

    @property
    def to_reference(self) -> float | None:
        """The result's error divided by the reference's: below 1 is stiller."""
        return _ratio(self.result, self.reference)

    @property
    def to_source(self) -> float | None:
        """The result's error divided by the source's: below 1 means that something was blurred away."""
        return _ratio(self.result, self.source)


class TruthFigures(_Figures):
    """e_stab of the clips: root of the mean squared warp error along ground-truth flow, RGB 0 to 1."""

    pairs: int
    masked: bool = Field(description="whether occlusion masks were there; without them e_stab is too high")
    source: float | None
    result: float | None
    reference: float | None


class FrameFigures(_Figures):
    """One frame: what is plotted over time."""

    number: int = Field(description="in the source, from 0")
    cut: bool = Field(description="a new shot begins here")
    flash: bool
    source: float | None = Field(description="E_warp against the frame before; None after a cut and at a flash")
    result: float | None
    reference: float | None
    sharpness: float | None = Field(description="Laplacian variance relative to the reference's, else to the source's")
    similarity: float | None = Field(description="multi-scale SSIM to the reference")
    features: float | None = Field(description="feature distance to the reference; None where it was not measured")
    shift: ColourShift = Field(description="mean of the result less that of the reference, else of the source")


class Measures(_Figures):
    """How still, how sharp and how true a result is."""

    frames: int
    short: WarpFigures = Field(description="between neighbouring frames")
    long: WarpFigures = Field(description="between frames further apart")
    truth: TruthFigures | None = Field(description="None without ground truth")
    sharpness: float | None = Field(description="Laplacian variance relative to the reference's, else to the source's")
    similarity: float | None = Field(description="mean multi-scale SSIM to the reference; None without one")
    features: float | None = Field(description="mean feature distance to the reference: 0 equal, up to 2; not LPIPS")
    drift: DriftFigures
    worst: tuple[WorstFrame, ...] = Field(description="the frames that flicker most, the worst first")
    curve: tuple[FrameFigures, ...] = Field(description="every frame, in order")

    @property
    def cuts(self) -> tuple[int, ...]:
        """Numbers of the frames that begin a shot, but for the first frame of all."""
        return tuple(frame.number for frame in self.curve[1:] if frame.cut)

    @property
    def blurred(self) -> bool:
        """Whether the result's E_warp is below the source's own: then it is still because something was blurred."""
        ratio = self.short.to_source
        return ratio is not None and ratio < 1


def _ratio(above: float | None, below: float | None) -> float | None:
    if above is None or below is None:
        return None
    if below == 0:
        return 1.0 if above == 0 else None  # two clips that do not change at all are equally still
    return above / below
