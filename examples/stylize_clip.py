"""Stylize one clip and see what came of it.

python examples/stylize_clip.py shot.mp4 ink.mp4
"""

import sys

import vidstyle


def main(source: str, target: str, style: str = "ink") -> None:
    try:
        report = vidstyle.stylize_clip(source, target, style=style, overwrite=True)
    except vidstyle.VidstyleError as error:
        sys.exit(f"{type(error).__name__}: {error}")
    print(f"{report.target}: {report.written} of {report.decoded} frames, {report.fps} fps on {report.device}")
    for warning in report.warnings:
        print("not kept, or assumed:", warning)


if __name__ == "__main__":
    main(*sys.argv[1:])
