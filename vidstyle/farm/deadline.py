"""Jobs as Deadline 10's job and plug-in info files, and a script that submits them."""

import re
import shlex
from collections.abc import Mapping

from vidstyle.farm.template import FarmJob, FarmShot, distinct_names

_LONGEST_NAME = 100
_SUBMIT = """\
#!/bin/sh
# Submits each shot's chunks, and their joining after them: deadlinecommand tells the job's number.
set -e
cd "$(dirname "$0")"
submit() { deadlinecommand "$@" | sed -n 's/^JobID=//p'; }
"""


def write(job: FarmJob) -> Mapping[str, str]:
    """Write four files for each shot, and the script."""
    files, lines = dict[str, str](), [_SUBMIT.rstrip("\n")]
    plain = (re.sub(r"[^A-Za-z0-9_.-]", "_", shot.name) for shot in job.shots)
    for name, shot in zip(distinct_names(plain, _LONGEST_NAME), job.shots, strict=True):
        files[f"{name}.job"] = _info(job, shot.name, shot, shot.frames, job.config.chunk)
        files[f"{name}.plugin"] = _plugin(job, shot.command("<STARTFRAME>-<ENDFRAME>"))
        files[f"{name}.join.job"] = _info(job, f"{shot.name} join", shot, "1", 1)
        files[f"{name}.join.plugin"] = _plugin(job, shot.join_command())
        lines += [
            f"id=$(submit {shlex.quote(name)}.job {shlex.quote(name)}.plugin)",
            f'{{ cat {shlex.quote(name)}.join.job; echo "JobDependencies=$id"; }} > {shlex.quote(name)}.after.job',
            f"submit {shlex.quote(name)}.after.job {shlex.quote(name)}.join.plugin",
        ]
    return files | {"submit.sh": "\n".join(lines) + "\n"}


def _info(job: FarmJob, title: str, shot: FarmShot, frames: str, chunk: int) -> str:
    config = job.config
    told = {
        "Plugin": "CommandLine",
        "Name": title,
        "BatchName": job.name,
        "Frames": frames,
        "ChunkSize": chunk,
        "TaskTimeoutMinutes": config.minutes,
        "OutputDirectory0": shot.target.parent,
        "EnvironmentKeyValue0": "VIDSTYLE_PROGRESS=deadline",
        "EnvironmentKeyValue1": "OMP_WAIT_POLICY=PASSIVE",
    }
    return "".join(f"{key}={value}\n" for key, value in told.items())


def _plugin(job: FarmJob, words: list[str]) -> str:
    arguments = " ".join(_quoted(word) for word in words)
    told = {"Executable": job.config.executable, "Arguments": arguments, "StartupDirectory": job.folder}
    return "".join(f"{key}={value}\n" for key, value in told.items())


def _quoted(word: str) -> str:
    """Quote with Deadline's own word for a quotation mark; within one, marks of the word itself are escaped."""
    if re.fullmatch(r"[\w./:=,<>+-]+", word):
        return word
    inner = word.replace('"', "\\<QUOTE>")
    return f"<QUOTE>{inner}<QUOTE>"
