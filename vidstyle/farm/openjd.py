"""Jobs as Open Job Description templates: for AWS Deadline Cloud, and `openjd run` on one machine."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from vidstyle.errors import ConfigError
from vidstyle.farm.template import FarmJob, FarmShot, distinct_names

_MOST_STEPS = 100
_LONGEST_NAME = 64
_JOIN = " join"
_GRACE = 60  # seconds between SIGTERM and SIGKILL; work.grace of them are used


def write(job: FarmJob) -> Mapping[str, str]:
    """Write a job bundle: a template with a step of chunks and one that joins them for each shot, and where files are.

    Paths are parameters, since a template may give none of them as a default; its first line says what they are here.

    Raises ConfigError where the job has more steps than the specification allows.
    """
    if 2 * len(job.shots) > _MOST_STEPS:
        most = _MOST_STEPS // 2
        raise ConfigError(
            f"{len(job.shots)} shots are more than the {most} that a template may have; write several with --only",
            key="format",
        )
    paths = {"SourceRoot": str(job.source_root), "OutputDir": str(job.folder)}
    given = " ".join(f"-p {shlex.quote(f'{name}={path}')}" for name, path in paths.items())
    head = f"# openjd run job.yaml {given}\n"
    values = [{"name": name, "value": path} for name, path in paths.items()]
    return {
        "template.yaml": head + "\n".join(_yaml(_template(job))) + "\n",
        "parameter_values.yaml": "\n".join(_yaml({"parameterValues": values})) + "\n",
    }


def _template(job: FarmJob) -> dict[str, Any]:
    names = distinct_names((shot.name for shot in job.shots), _LONGEST_NAME, also=[_JOIN])
    steps = [step for name, shot in zip(names, job.shots, strict=True) for step in _steps(name, shot, job)]
    variables = {"OMP_WAIT_POLICY": "PASSIVE", "PYTHONUNBUFFERED": "1", "VIDSTYLE_PROGRESS": "openjd"}
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "extensions": ["TASK_CHUNKING"],
        "name": job.name[:128],
        "parameterDefinitions": [
            {"name": "SourceRoot", "type": "PATH", "objectType": "DIRECTORY", "dataFlow": "IN"},
            {"name": "OutputDir", "type": "PATH", "objectType": "DIRECTORY", "dataFlow": "OUT"},
            {"name": "ChunkSize", "type": "INT", "default": job.config.chunk, "minValue": 1},
            {"name": "Vidstyle", "type": "STRING", "default": job.config.executable},
        ],
        "jobEnvironments": [{"name": "vidstyle", "variables": variables}],
        "steps": steps,
    }  # fmt: skip


def _steps(name: str, shot: FarmShot, job: FarmJob) -> list[dict[str, Any]]:
    source = f"{{{{Param.SourceRoot}}}}/{_text(shot.source.relative_to(job.source_root).as_posix())}"
    target = f"{{{{Param.OutputDir}}}}/{_text(shot.target.relative_to(job.folder).as_posix())}"
    places = {"source": source, "target": target}
    settings = shot.model_copy(update={"settings": tuple(map(_text, shot.settings))})
    chunks = {"defaultTaskCount": "{{Param.ChunkSize}}", "rangeConstraint": "CONTIGUOUS"}
    frames = {"name": "Frame", "type": "CHUNK[INT]", "range": shot.frames, "chunks": chunks}
    render = {
        "name": name,
        "parameterSpace": {"taskParameterDefinitions": [frames]},
        "script": _script(settings.command("{{Task.Param.Frame}}", **places), job),
        "hostRequirements": {"amounts": _amounts(job)},
    }
    join = {
        "name": name + _JOIN,
        "dependencies": [{"dependsOn": name}],
        "script": _script(shot.join_command(**places), job),
    }
    return [render, join]


def _script(words: list[str], job: FarmJob) -> dict[str, Any]:
    cancel = {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": _GRACE}
    run = {"command": "{{Param.Vidstyle}}", "args": words, "timeout": job.config.minutes * 60, "cancelation": cancel}
    return {"actions": {"onRun": run}}


def _amounts(job: FarmJob) -> list[dict[str, Any]]:
    config = job.config
    amounts = [
        {"name": "amount.worker.vcpu", "min": config.cores},
        {"name": "amount.worker.memory", "min": config.memory * 1024},
    ]
    return amounts + ([{"name": "amount.worker.gpu", "min": config.gpus}] if config.gpus else [])


def _text(literal: str) -> str:
    """Refuse what would be taken for an expression. Raises ConfigError."""
    if "{{" in literal:
        raise ConfigError(f"{literal!r} holds {{{{, which begins an expression in a template; rename it", key="format")
    return literal


def _yaml(value: Any, indent: str = "") -> list[str]:
    """Write plain values as YAML; texts are quoted as JSON does, which YAML reads."""
    if isinstance(value, dict):
        return [line for key, each in value.items() for line in _entry(f"{indent}{key}:", each, indent + "  ")]
    return [line for each in value for line in _item(each, indent)]


def _entry(head: str, value: Any, indent: str) -> list[str]:
    if isinstance(value, dict):
        return [head, *_yaml(value, indent)]
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):
        return [head, *_yaml(value, indent)]
    return [f"{head} {json.dumps(value, ensure_ascii=False)}"]


def _item(value: Any, indent: str) -> list[str]:
    first, *others = _yaml(value, indent + "  ")
    return [f"{indent}- {first.strip()}", *others]
