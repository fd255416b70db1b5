"""What to render."""

from vidstyle.shots.shot import Shot

__all__ = ["Shot"]
