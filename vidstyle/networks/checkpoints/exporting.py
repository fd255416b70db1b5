"""Styles → files that other programs read, each checked against the style it came from."""

import io
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import load_file, save
from torch import Tensor

from vidstyle.errors import PluginError, StyleError
from vidstyle.networks.checkpoints.archives import CARD_KEY
from vidstyle.networks.checkpoints.proof import draw_card
from vidstyle.networks.checkpoints.writing import whole_file
from vidstyle.networks.padding import Padding
from vidstyle.networks.recurrent import RecurrentGenerator
from vidstyle.networks.style import Style, build_generator

Format = Literal["safetensors", "torchscript", "onnx"]

OPSET = 18
INPUT, OUTPUT = "images", "stylized"
TOLERANCE = 0.1  # codes of 255: how far an exported network may differ from the style anywhere in a picture
SUFFIXES: dict[Format, str] = {"safetensors": ".safetensors", "torchscript": ".pt", "onnx": ".onnx"}


def export_style(style: Style, path: Path, kind: Format, *, overwrite: bool = False) -> float:
    """Write the style's generator to `path`, with its card inside; returns the greatest difference to it, in codes.

    Convention: what is written takes and gives what the card says: its value range, its channel order, (n, 3, h, w),
    sides that are multiples of the generator's. Height, width and the number of pictures are open. It is checked on
    test cards of two sizes, neither of which it was made with.

    Raises:
        StyleError: there is such a file and `overwrite` is not given, it can't be written in this way, or what was
            written differs from the style by more than `TOLERANCE`; nothing is left then.
        TargetError: the folder can't be made or written to.
    """
    name = style.card.name
    if path.exists() and not overwrite:
        raise StyleError(f"{path} is there already; choose another name or say --overwrite", style=name)
    if kind != "safetensors" and isinstance(style.generator, RecurrentGenerator):
        raise StyleError(f"{name!r} remembers frames, which {kind} can't tell here; use --safetensors", style=name)
    write = {"safetensors": _write_safetensors, "torchscript": _write_torchscript, "onnx": _write_onnx}[kind]
    with whole_file(path) as partial:
        difference = _difference(style, write(style, partial))
        if not difference <= TOLERANCE:
            message = (
                f"{name!r} as {kind} differs by {difference:.2f} codes of 255, more than {TOLERANCE}; use --safetensors"
            )
            raise StyleError(message, style=name)
    return difference


def _write_safetensors(style: Style, path: Path) -> Callable[[Tensor], Tensor]:
    state = {key: value.detach().cpu().contiguous() for key, value in style.generator.state_dict().items()}
    path.write_bytes(save(state, {CARD_KEY: _card(style)}))
    again = build_generator(style.card.generator).eval()
    again.load_state_dict(load_file(path))
    return again


def _write_torchscript(style: Style, path: Path) -> Callable[[Tensor], Tensor]:
    _require_torch(style, "torchscript")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated: who asks for it knows
        traced: Any = torch.jit.trace(style.generator, _example(style), check_trace=False)  # type: ignore[no-untyped-call]
        packed = io.BytesIO()
        torch.jit.save(traced, packed, _extra_files={CARD_KEY: _card(style)})
        path.write_bytes(packed.getvalue())
        again: Callable[[Tensor], Tensor] = torch.jit.load(str(path))  # type: ignore[no-untyped-call]  # ours
    return again


def _write_onnx(style: Style, path: Path) -> Callable[[Tensor], Tensor]:
    try:
        import onnx  # noqa: PLC0415
        import onnxruntime  # noqa: PLC0415
        import onnxscript  # noqa: F401, PLC0415
    except ImportError as error:
        message = f"ONNX needs packages that are absent: {error}; install them with: pip install 'vidstyle[onnx]'"
        raise PluginError(message, group="generators", name="onnx") from error
    _require_torch(style, "onnx")
    open_sizes = {0: torch.export.Dim.DYNAMIC, 2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch about itself
        try:
            program: Any = torch.onnx.export(
                style.generator,
                (_example(style),),
                input_names=[INPUT],
                output_names=[OUTPUT],
                opset_version=OPSET,
                dynamo=True,
                dynamic_shapes=(open_sizes,),
                verbose=False,
                optimize=False,  # it would fold norms away, so that the names of the weights are lost
            )
        except Exception as error:  # whatever the exporter raises inside
            first = str(error).strip().splitlines()[0]
            raise StyleError(f"{style.card.name!r} can't be exported: {first}", style=style.card.name) from error
    model = program.model_proto
    model.metadata_props.append(onnx.StringStringEntryProto(key=CARD_KEY, value=_card(style)))
    path.write_bytes(model.SerializeToString())
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    return lambda x: torch.from_numpy(session.run(None, {INPUT: x.numpy()})[0])


def _require_torch(style: Style, kind: Format) -> None:
    if style.card.generator.name == "onnx":
        message = f"{style.card.name!r} is an ONNX graph itself; {kind} can't be made of it, its weights hold the file"
        raise StyleError(message, style=style.card.name)


def _difference(style: Style, made: Callable[[Tensor], Tensor]) -> float:
    span = {"-1..1": 2.0, "0..1": 1.0, "0..255": 255.0}[style.card.value_range]
    worst = 0.0
    for height, width in ((96, 160), (136, 72)):
        x = _padded(style, style.encode(draw_card(height, width)).repeat(2, 1, 1, 1))
        with torch.inference_mode():
            worst = max(worst, float((made(x) - style.generator(x)).abs().max()) / span * 255)
    return worst


def _example(style: Style) -> Tensor:
    return _padded(style, style.encode(draw_card(64, 96)).repeat(2, 1, 1, 1))


def _padded(style: Style, images: Tensor) -> Tensor:
    return Padding(multiple=int(getattr(style.generator, "multiple", 1))).pad(images)


def _card(style: Style) -> str:
    return json.dumps(style.card.model_dump(mode="json", exclude_none=True))
