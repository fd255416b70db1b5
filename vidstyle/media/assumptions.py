"""What is assumed about a clip before it is decoded, and said; and what is refused."""

from vidstyle.errors import ClipReadError
from vidstyle.media.clip import ClipInfo
from vidstyle.media.colour import LUMA_WEIGHTS, UNKNOWN, assumed_matrix
from vidstyle.media.pixels import PlaneConverter
from vidstyle.media.planar import loses_alpha, planar_layout
from vidstyle.media.spans import start_of

_KEPT = ("Display Matrix", "Mastering display", "Content light level", "CPB properties")  # as far as the target can


def converter_for(info: ClipInfo) -> PlaneConverter:
    """What turns the clip's planes into RGB. Raises ClipReadError where its format or matrix is not known."""
    video = info.video
    layout = planar_layout(video.pix_fmt)
    if layout is None:
        raise ClipReadError(
            f"{info.path}: pixel format {video.pix_fmt} can't be read yet; transcode it to a planar YUV or RGB one",
            path=info.path,
        )
    matrix = assumed_matrix(video.tags, video.height)
    if layout.kind == "yuv" and matrix not in LUMA_WEIGHTS:
        raise ClipReadError(
            f"{info.path}: colour matrix {matrix} can't be converted yet; "
            f"expected one of {', '.join(LUMA_WEIGHTS)}: transcode it to bt709 or bt2020nc",
            path=info.path,
        )
    if layout.kind != "yuv" and matrix not in LUMA_WEIGHTS:
        matrix = "bt709"  # an RGB picture has none; gray takes any, as R, G and B are equal
    full = video.tags.range == "full" or (video.tags.range == UNKNOWN and layout.kind == "rgb")
    return PlaneConverter(layout, matrix, full)


def check_pixels(info: ClipInfo, most: int) -> None:
    """Raise ClipReadError where a picture has more than `most` pixels."""
    video = info.video
    if video.width * video.height > most:
        raise ClipReadError(
            f"{info.path} is {video.width}x{video.height}, but at most {most} pixels are decoded; raise --max-pixels",
            path=info.path,
        )


def check_tags(info: ClipInfo) -> None:
    """Raise ClipReadError where a clip does not say its matrix, primaries, transfer and range."""
    tags = info.video.tags.model_dump(exclude={"chroma_location"})
    layout = planar_layout(info.video.pix_fmt)
    if layout is not None and layout.kind != "yuv":
        del tags["matrix"], tags["range"]
    if missing := [name for name, tag in tags.items() if tag == UNKNOWN]:
        raise ClipReadError(
            f"{info.path} does not say its {', '.join(missing)}; tag it, or leave out --strict-color",
            path=info.path,
        )


def warnings_about(info: ClipInfo) -> list[str]:
    """What can be said before decoding: assumptions made, and what will not be in the output."""
    video, place = info.video, f"video #{info.video.index}"
    found = []
    layout = planar_layout(video.pix_fmt)
    if video.tags.matrix == UNKNOWN and layout is not None and layout.kind == "yuv":
        matrix = "BT.709" if assumed_matrix(video.tags, video.height) == "bt709" else "BT.601"
        found.append(f"{place}: no matrix tag; read as {matrix}, by its {video.height} lines")
    if loses_alpha(video.pix_fmt):
        found.append(f"{place}: opacity of {video.pix_fmt} is not kept")
    if video.timecode and start_of(info) is None:
        found.append(f"{place}: {video.timecode!r} is no timecode at its rate; it is kept for the whole clip only")
    if video.orientation is None:
        found.append(f"{place}: its display matrix turns by no quarter; pictures are stylized as they are coded")
    found += [f"{place}: {kind.lower()} metadata is not kept" for kind in video.side if not kind.startswith(_KEPT)]
    return found
