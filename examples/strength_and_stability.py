"""Render the first frames of a clip at several strengths and stabilities, to choose by eye.

python examples/strength_and_stability.py shot.mp4 variants/
"""

import sys
from pathlib import Path

from vidstyle import RenderConfig, Shot, Span, render_shot

FRAMES = Span(0, 48)  # half-open: frames 0 to 47


def main(source: str, folder: str, style: str = "ink") -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    for strength in (0.5, 1.0):  # 0: the source, exactly; 1: the style
        for stability in (0.0, 0.9):  # 0: each frame by itself; 1: holds still most
            target = Path(folder) / f"strength-{strength:.1f}-stability-{stability:.1f}.mp4"
            blend = {"strength": strength, "stability": stability}
            config = RenderConfig.model_validate({"style": style, "blend": blend})
            report = render_shot(Shot(Path(source), FRAMES), target, config, overwrite=True)
            print(f"{target}: {report.written} frames, {report.fps} fps")


if __name__ == "__main__":
    main(*sys.argv[1:])
