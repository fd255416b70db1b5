"""Examines this machine: what is here, what is not, and what each absence costs."""

import importlib
import platform
import re
import shutil
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, Field, computed_field

from vidstyle.config import RenderConfig
from vidstyle.devices import cores, free_memory, host_memory, text_of
from vidstyle.errors import EncoderUnavailableError, StyleError
from vidstyle.media.availability import (
    Availability,
    available_decoders,
    available_encoders,
    ffmpeg_versions,
    why_no_hardware_decoder,
)
from vidstyle.networks import load_style, style_folders, user_models

_PACKAGES = (
    "torch",
    "torchvision",
    "av",
    "opencv-python-headless",
    "numpy",
    "numba",
    "kornia",
    "safetensors",
    "pydantic",
)
# Name, ONNX Runtime's execution provider, and the extra that brings it.
_PROVIDERS = (
    ("onnx on CUDA", "CUDAExecutionProvider", "onnx-gpu"),
    ("TensorRT", "TensorrtExecutionProvider", "tensorrt"),
)
_REQUIREMENT = re.compile(r"^(?P<name>[\w.-]+).*\bextra\s*==\s*['\"](?P<extra>[\w.-]+)['\"]")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Finding(_Part):
    """One thing that was looked for."""

    name: str
    there: bool = Field(description="it is here and works")
    detail: str = Field(default="", description="which, where, or why not")
    cost: str = Field(default="", description="what its absence costs and how to get it; empty where it is there")


class Device(_Part):
    """A device that can render."""

    name: str = Field(description="as --device takes it")
    title: str
    memory: int | None = Field(description="bytes it has; None: not known")
    free: int | None = Field(description="bytes of it that are free now; None: not known")


class Torch(_Part):
    """The tensor library."""

    version: str
    build: str = Field(description="cpu, or the CUDA or ROCm version it was built for")
    threads: int = Field(description="threads one operation uses on the CPU")
    cpu_capability: str = Field(description="widest vector instructions in use, such as AVX2")


class Diagnosis(_Part):
    """What `examine` found."""

    vidstyle: str
    python: str
    platform: str
    cores: int = Field(description="CPU cores that this program may use")
    torch: Torch
    packages: dict[str, str] = Field(description="name → version of what vidstyle stands on")
    ffmpeg: dict[str, str] = Field(description="library → version of the FFmpeg inside PyAV")
    devices: tuple[Device, ...]
    encoders: tuple[Finding, ...] = Field(description="encoder presets, each opened for real")
    decoders: tuple[Finding, ...] = Field(description="decoders, each opened for real")
    acceleration: tuple[Finding, ...] = Field(description="what a GPU could do beside torch: decode, other runtimes")
    programs: tuple[Finding, ...] = Field(description="programs looked for on PATH")
    extras: tuple[Finding, ...] = Field(description="optional parts of vidstyle")
    styles: tuple[Finding, ...] = Field(description="styles, each loaded for real")
    disk_free: int = Field(description="bytes free where this was run")
    advice: tuple[str, ...] = Field(description="what each absence costs and how to end it")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def exit_code(self) -> int:
        """0 where a clip can be stylized; else the code that `vidstyle stylize` would end with here."""
        if not any(style.there for style in self.styles):
            return StyleError.exit_code
        opens = [any(finding.there for finding in part) for part in (self.encoders, self.decoders)]
        return 0 if all(opens) else EncoderUnavailableError.exit_code


def examine() -> Diagnosis:
    """Look at this machine. Opens every codec and loads every style, which takes a few seconds; changes nothing."""
    devices = (
        *_gpus(),
        Device(name="cpu", title=_processor(), memory=host_memory("MemTotal"), free=free_memory(torch.device("cpu"))),
    )
    encoders = tuple(_finding(found, _encoder_cost(found)) for found in available_encoders())
    decoders = tuple(_finding(found, _decoder_cost(found)) for found in available_decoders())
    acceleration = tuple(_acceleration(gpu=len(devices) > 1))
    programs = tuple(map(_program, ("ffmpeg", "ffprobe")))
    extras, styles = tuple(_extras()), tuple(_styles())
    absences = (*encoders, *decoders, *acceleration, *programs, *extras, *styles)
    return Diagnosis(
        vidstyle=version("vidstyle"),
        python=platform.python_version(),
        platform=platform.platform(),
        cores=cores(),
        torch=_torch(),
        packages={name: _installed(name) or "absent" for name in _PACKAGES},
        ffmpeg=ffmpeg_versions(),
        devices=devices,
        encoders=encoders,
        decoders=decoders,
        acceleration=acceleration,
        programs=programs,
        extras=extras,
        styles=styles,
        disk_free=shutil.disk_usage(Path.cwd()).free,
        advice=tuple(
            dict.fromkeys([*_device_advice(), *(each.cost for each in absences if each.cost), *_style_advice(styles)])
        ),
    )


def _torch() -> Torch:
    build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "cpu"
    if torch.version.hip:
        build = f"ROCm {torch.version.hip}"
    capability = torch.backends.cpu.get_cpu_capability()
    return Torch(version=version("torch"), build=build, threads=torch.get_num_threads(), cpu_capability=capability)


def _gpus() -> Iterable[Device]:
    for number in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        facts = torch.cuda.get_device_properties(number)
        free = free_memory(torch.device("cuda", number))
        yield Device(name=f"cuda:{number}", title=facts.name, memory=facts.total_memory, free=free)


def _device_advice() -> Iterable[str]:
    if torch.cuda.is_available():
        return
    if torch.version.cuda or torch.version.hip:
        yield "No GPU was found, so rendering runs on the CPU, several times slower; if there is one, see nvidia-smi."
    else:
        yield (
            "This torch is built for the CPU alone, several times slower than a GPU; where there is an NVIDIA GPU, "
            "install a CUDA build: https://pytorch.org/get-started/locally"
        )


def _encoder_cost(found: Availability) -> str:
    if found.codec.endswith("_nvenc"):
        return (
            "NVENC does not open, so encoding takes CPU time; it needs an NVIDIA GPU that has an encoder "
            "(A100, H100 and H200 have none) and its driver."
        )
    return f"--encoder {found.name} can't be used; PyAV's wheels hold it: pip install --force-reinstall av"


def _decoder_cost(found: Availability) -> str:
    return f"{found.name} clips can't be read; PyAV's wheels hold the decoder: pip install --force-reinstall av"


def _finding(found: Availability, cost: str) -> Finding:
    detail = found.codec if found.opens else f"{found.codec}: {found.reason}"
    return Finding(name=found.name, there=found.opens, detail=detail, cost="" if found.opens else cost)


def _acceleration(*, gpu: bool) -> Iterable[Finding]:
    """What is absent costs nothing where there is no GPU that could use it."""
    reason = why_no_hardware_decoder()
    cost = (
        "NVDEC does not open, so the CPU decodes, whatever decode.hardware says; the driver must be there with its "
        "video part (in a container: NVIDIA_DRIVER_CAPABILITIES=compute,utility,video)."
    )
    yield Finding(name="nvdec", there=not reason, detail=reason or "cuda", cost=cost if reason and gpu else "")
    known = _onnx_providers()
    for name, provider, extra in _PROVIDERS:
        there = provider in known
        detail = provider if there else f"ONNX Runtime has {', '.join(known)}" if known else "no ONNX Runtime"
        cost = f"{name} runs no network on the GPU; get it with: pip install 'vidstyle[{extra}]'"
        yield Finding(name=name, there=there, detail=detail, cost=cost if gpu and not there else "")


def _onnx_providers() -> list[str]:
    try:
        runtime = importlib.import_module("onnxruntime")
    except ImportError:
        return []
    return list(runtime.get_available_providers())


def _program(name: str) -> Finding:
    path = shutil.which(name)
    cost = (
        f"{name} is not on PATH: vidstyle brings FFmpeg's libraries with it and renders without the program, "
        "which is only handy to look at clips; install the package ffmpeg."
    )
    return Finding(name=name, there=path is not None, detail=path or "not on PATH", cost="" if path else cost)


def _extras() -> Iterable[Finding]:
    """The extras that the installed package declares, so that this list can't fall behind.

    What those for a GPU would bring is told by `_acceleration`, where there is a GPU.
    """
    told = {extra for _, _, extra in _PROVIDERS}
    packages: dict[str, list[str]] = {}
    for requirement in requires("vidstyle") or ():
        if match := _REQUIREMENT.match(requirement):
            packages.setdefault(match["extra"], []).append(match["name"])
    for extra, names in sorted(packages.items()):
        absent = [name for name in names if _installed(name) is None]
        there, quiet = not absent, not absent or extra in told
        cost = f"The extra {extra!r} is not there ({', '.join(absent)}); get it with: pip install 'vidstyle[{extra}]'"
        yield Finding(name=extra, there=there, detail=", ".join(names), cost="" if quiet else cost)


def _styles() -> Iterable[Finding]:
    for name, folder in style_folders().items():
        try:
            load_style(folder)
        except StyleError as error:
            yield Finding(name=name, there=False, detail=str(error), cost=f"Style {name!r} can't be used: {error}")
        else:
            yield Finding(name=name, there=True, detail=str(folder))


def _style_advice(styles: Iterable[Finding]) -> Iterable[str]:
    usable = {style.name for style in styles if style.there}
    default = RenderConfig().style
    if not usable:
        yield f"No usable style, so nothing can be stylized; put one into {user_models()} or make one: vidstyle train"
    elif default not in usable:
        yield f"The style {default!r} is not here, so --style must be given; there is: {', '.join(sorted(usable))}"


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", text_of("/proc/cpuinfo"), re.MULTILINE)
    return found[1] if found else platform.processor() or platform.machine()
