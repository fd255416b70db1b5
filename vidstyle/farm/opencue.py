"""Jobs as OpenCue's PyOutline scripts."""

import re
import shlex
from collections.abc import Mapping
from pprint import pformat

from vidstyle.farm.template import FarmJob, distinct_names

_LONGEST_NAME = 64
_FRAMES = "#FRAMESPEC#"  # what Cuebot puts a chunk's frames in the place of

_SCRIPT = '''\
#!/usr/bin/env python3
"""{name} for OpenCue: python3 job.py launches it, python3 job.py --spec prints what would be launched."""

import sys

import outline
import outline.cuerun
from outline.modules.shell import Shell

SHOTS = {shots}

job = outline.Outline({name!r}, shot="vidstyle")
for name, frames, render, join in SHOTS:
    stylize = Shell(name, command=render, range=frames, chunk={chunk}, cores={cores}, memory="{memory}g"{gpus})
    stylize.set_env("OMP_WAIT_POLICY", "PASSIVE")
    # Minutes in which a task may say nothing: a line of progress comes every ten seconds.
    stylize.set_arg("timeout_llu", 30)
    stylize.set_arg("timeout", {minutes})
    joining = Shell(name + "_join", command=join, range="1-1", cores=1)
    joining.depend_all(stylize)
    job.add_layer(stylize)
    job.add_layer(joining)

launcher = outline.cuerun.OutlineLauncher(job, maxretries=2)
# Without PyOutline's wrapper the farm's machines need vidstyle alone.
if "--spec" in sys.argv:
    print(launcher.serialize(use_pycuerun=False))
else:
    launcher.launch(use_pycuerun=False)
'''


def write(job: FarmJob) -> Mapping[str, str]:
    """Write a script with two layers for each shot: chunks, and their joining."""
    plain = (re.sub(r"[^A-Za-z0-9_]", "_", shot.name) for shot in job.shots)
    names = distinct_names(plain, _LONGEST_NAME, also=["_join"])
    run = job.config.executable
    shots = [
        (name, shot.frames, _quoted([run, *shot.command(_FRAMES)]), _quoted([run, *shot.join_command()]))
        for name, shot in zip(names, job.shots, strict=True)
    ]
    gpus = f", gpus={job.config.gpus}" if job.config.gpus else ""
    name = re.sub(r"[^A-Za-z0-9_-]", "_", job.name)
    config = job.config
    text = _SCRIPT.format(
        name=name, shots=pformat(shots, width=110), chunk=config.chunk, cores=config.cores, memory=config.memory,
        gpus=gpus, minutes=config.minutes,
    )  # fmt: skip
    return {"job.py": text}


def _quoted(words: list[str]) -> list[str]:
    """Quote for the shell, which RQD gives the words joined by spaces."""
    return [word if word == _FRAMES else shlex.quote(word) for word in words]
