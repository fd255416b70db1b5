"""Bounds that a result must keep: what lets a farm refuse a render."""

from pydantic import BaseModel, ConfigDict, Field

from vidstyle.errors import ConfigError
from vidstyle.measure.figures import Measures


class _Gates(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GateOutcome(_Gates):
    """What came of one gate."""

    gate: str = Field(description="the option that asked for it")
    bound: float
    value: float | None = Field(description="None where it could not be measured; then the gate has failed")
    passed: bool
    words: str = Field(description="what was found and what was expected")


class Gates(_Gates):
    """Bounds; those that are None are not asked for."""

    max_warp_ratio: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="largest E_warp of the result between neighbours, over the reference's, else over the source's",
    )
    min_sharpness: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="least Laplacian variance relative to the reference's"
    )
    max_drift: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="largest change of mean luma or colour within a shot against the reference, else the source; codes",
    )

    def refuse_impossible(self, *, has_reference: bool) -> None:
        """Raise ConfigError, before anything is measured, for a gate that could not be decided."""
        if self.min_sharpness is not None and not has_reference:
            raise ConfigError(
                "--min-sharpness needs --reference, the same style without blending (stylize --stability 0): "
                "against the source a style's own lines would hide any blur",
                key="gates.min_sharpness",
            )

    def outcomes(self, measures: Measures) -> tuple[GateOutcome, ...]:
        """Hold the measures against every gate that is asked for; a figure that is absent does not pass."""
        against = measures.drift.against
        ratio = measures.short.to_reference if against == "reference" else measures.short.to_source
        worst = measures.drift.worst
        shift = None if worst is None else worst.change.largest
        place = "" if worst is None else f" in frames {worst.start}-{worst.stop}"
        found = (
            _below("--max-warp-ratio", self.max_warp_ratio, ratio, f"E_warp of the result over the {against}'s"),
            _above("--min-sharpness", self.min_sharpness, measures.sharpness, f"sharpness relative to the {against}"),
            _below("--max-drift", self.max_drift, shift, f"drift against the {against}, codes of 255{place},"),
        )
        return tuple(outcome for outcome in found if outcome is not None)


def _below(gate: str, bound: float | None, value: float | None, what: str) -> GateOutcome | None:
    if bound is None:
        return None
    return _outcome(
        gate, bound, value, f"{what} is {{}}, at most {bound:g} passes", value is not None and value <= bound
    )


def _above(gate: str, bound: float | None, value: float | None, what: str) -> GateOutcome | None:
    if bound is None:
        return None
    return _outcome(
        gate, bound, value, f"{what} is {{}}, at least {bound:g} passes", value is not None and value >= bound
    )


def _outcome(gate: str, bound: float, value: float | None, words: str, passed: bool) -> GateOutcome:
    verdict = "passed" if passed else "failed"
    said = words.format("not to be had from these frames" if value is None else f"{value:.3f}")
    return GateOutcome(gate=gate, bound=bound, value=value, passed=passed, words=f"gate {gate} {verdict}: {said}")
