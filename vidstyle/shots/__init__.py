"""What to render: single shots, and lists of them as editing programs, spreadsheets and production trackers write."""

from vidstyle.shots.edit import Edit, Event, Hint, ListConfig, Sound
from vidstyle.shots.reading import read_edit
from vidstyle.shots.shot import Shot

__all__ = ["Edit", "Event", "Hint", "ListConfig", "Shot", "Sound", "read_edit"]
