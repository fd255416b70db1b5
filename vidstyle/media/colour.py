"""Colour tags of a clip and the matrix that its planes are coded with."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

UNKNOWN = "unknown"

# Code points of ITU-T H.273 (2021), tables 2-4, under the names that FFmpeg prints.
MATRICES: Mapping[int, str] = {
    0: "gbr", 1: "bt709", 2: UNKNOWN, 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco",
    9: "bt2020nc", 10: "bt2020c", 11: "smpte2085", 12: "chroma-derived-nc", 13: "chroma-derived-c", 14: "ictcp",
}  # fmt: skip
PRIMARIES: Mapping[int, str] = {
    1: "bt709", 2: UNKNOWN, 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020",
    10: "smpte428", 11: "smpte431", 12: "smpte432", 22: "ebu3213",
}  # fmt: skip
TRANSFERS: Mapping[int, str] = {
    1: "bt709", 2: UNKNOWN, 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "linear", 9: "log100",
    10: "log316", 11: "iec61966-2-4", 12: "bt1361e", 13: "iec61966-2-1", 14: "bt2020-10", 15: "bt2020-12",
    16: "smpte2084", 17: "smpte428", 18: "arib-std-b67",
}  # fmt: skip
RANGES: Mapping[int, str] = {0: UNKNOWN, 1: "limited", 2: "full"}
CHROMA_LOCATIONS = ("left", "center", "topleft", "top", "bottomleft", "bottom")

# Kr and Kb of the luma equation, H.273 equations 38-40: Y = Kr R + (1 - Kr - Kb) G + Kb B.
LUMA_WEIGHTS: Mapping[str, tuple[float, float]] = {
    "bt709": (0.2126, 0.0722),
    "fcc": (0.30, 0.11),
    "bt470bg": (0.299, 0.114),
    "smpte170m": (0.299, 0.114),
    "smpte240m": (0.212, 0.087),
    "bt2020nc": (0.2627, 0.0593),
}
# x and y of red, green, blue and white, H.273 table 2; what is not here is BT.709's or no matter of three lights.
CHROMATICITIES: Mapping[str, tuple[float, ...]] = {
    "bt470bg": (0.64, 0.33, 0.29, 0.60, 0.15, 0.06, 0.3127, 0.3290),
    "smpte170m": (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, 0.3127, 0.3290),
    "bt2020": (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290),
    "smpte431": (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351),
    "smpte432": (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290),
}
HDR_TRANSFERS = ("smpte2084", "arib-std-b67")
HD_LINES = 720  # from here on an untagged picture is taken as BT.709


class ColourTags(BaseModel):
    """What the clip says about its colours, in FFmpeg's names; `unknown` where it says nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    matrix: str = Field(default=UNKNOWN, description="matrix coefficients, such as bt709")
    primaries: str = Field(default=UNKNOWN, description="colour primaries, such as bt709")
    transfer: str = Field(default=UNKNOWN, description="transfer characteristic, such as bt709 or smpte2084")
    range: str = Field(default=UNKNOWN, description="limited, full or unknown")
    chroma_location: str = Field(default=UNKNOWN, description="where the chroma samples sit, such as left")

    @property
    def hdr(self) -> bool:
        """True for PQ and HLG."""
        return self.transfer in HDR_TRANSFERS


def name_of(names: Mapping[int, str], code: int) -> str:
    """The name of a code point; a number that has none is its own name."""
    return names.get(code, str(code))


def code_of(names: Mapping[int, str], name: str) -> int:
    """The code point of a name that `name_of` gave."""
    codes = {known: code for code, known in names.items()}
    return codes[name] if name in codes else int(name)


def assumed_matrix(tags: ColourTags, height: int) -> str:
    """The matrix that the planes are read with: the tagged one, else BT.601 below 720 lines and BT.709 from there."""
    if tags.matrix != UNKNOWN:
        return tags.matrix
    return "bt709" if height >= HD_LINES else "smpte170m"
