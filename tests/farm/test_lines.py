import io
import json
import re

import pytest

from vidstyle.errors import ConfigError
from vidstyle.farm import lines
from vidstyle.farm.lines import SchedulerLines, choose_format, harmless
from vidstyle.progress import Progress


@pytest.mark.parametrize(
    ("environment", "form"),
    [
        ({}, None),
        ({"OPENJD_SESSION_WORKING_DIR": "/s"}, "openjd"),
        ({"AF_TASK_ID": "0"}, "afanasy"),
        ({"CUE_JOB": "a-b"}, "plain"),
        ({"VIDSTYLE_PROGRESS": "deadline"}, "deadline"),
        ({"VIDSTYLE_PROGRESS": "none", "CUE_JOB": "a-b"}, "none"),
    ],
    ids=str,
)
def test_auto_is_what_the_farms_variables_say(environment: dict[str, str], form: str | None):
    assert choose_format("auto", environment) == form
    assert choose_format("alf", environment) == "alf"


def test_an_unknown_form_is_refused():
    with pytest.raises(ConfigError, match="none of auto, openjd"):
        choose_format("loud", {})


def printed(form: str, frames: int = 450) -> list[str]:
    stream = io.StringIO()
    tell = SchedulerLines(form, stream, shot="s1")
    for frame in range(frames + 1):
        tell(Progress(frame, frames, frame * 0.1))
    return stream.getvalue().splitlines()


@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        ("openjd", r"openjd_progress: (\d+)"),
        ("deadline", r"Progress: (\d+)%"),
        ("afanasy", r"PROGRESS: (\d+)%"),
        ("alf", r"ALF_PROGRESS (\d+)%"),
    ],
)
def test_each_percent_is_said_once_as_a_whole_number(form: str, pattern: str):
    found = [re.fullmatch(pattern, line) for line in printed(form)]
    assert [int(match[1]) for match in found if match] == list(range(101))
    assert all(found)


def test_json_tells_who_and_where(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SLURM_JOB_ID", "71")
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "3")
    last = json.loads(printed("json")[-1])
    assert (last["job"], last["task"], last["shot"], last["frames"], last["percent"]) == ("71", "3", "s1", 450, 100)
    assert last["host"]


def test_none_says_nothing():
    assert printed("none") == []


def test_a_slow_frame_is_no_silence(monkeypatch: pytest.MonkeyPatch):
    now = [0.0]
    monkeypatch.setattr(lines.time, "monotonic", lambda: now[0])
    stream = io.StringIO()
    tell = SchedulerLines("plain", stream)
    for _ in range(5):
        tell(Progress(1, 100000, now[0]))
        now[0] += 6
    assert len(stream.getvalue().splitlines()) == 3


def test_every_line_is_flushed_at_once():
    class Flushed(io.StringIO):
        seen = 0

        def flush(self) -> None:
            self.seen += 1

    stream = Flushed()
    SchedulerLines("openjd", stream)(Progress(1, 2, 1.0))
    assert stream.seen
    assert "\r" not in stream.getvalue()


@pytest.mark.parametrize("word", ["openjd_env", "openjd_unset_env", "openjd_redacted_env"])
def test_no_line_sets_a_variable_by_accident(word: str):
    assert not re.search(r"^openjd_\w*env", harmless(f"{word}: A\nx\r\n{word} B"), re.MULTILINE)
    assert harmless("openjd_progress: 3") == "openjd_progress: 3"
