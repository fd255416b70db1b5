"""Every file of published weights that is here, every layout, what is refused, and the way out and back.

    python -m tests.benchmarks.checkpoints [--out FILE] [--pictures FOLDER]

References are forward passes written from the tensors alone (tests/networks/references.py); files are read for them
without the importer. Differences are the greatest of a picture, in codes of 255; of features, relative to the greatest.
"""

import argparse
import json
import pickle
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torchvision.models import resnet18

from tests.benchmarks.material import SHARED
from tests.motion.raft_reference import raft_small
from tests.networks.checkpoints import checkpoint
from tests.networks.references import (
    REFERENCES,
    distilled_decoder,
    distilled_features,
    normalised_decoder,
    normalised_features,
)
from vidstyle.errors import StyleError, VidstyleError
from vidstyle.media import open_reader
from vidstyle.motion import MotionConfig, build_estimator
from vidstyle.motion.raft_weights import load_network
from vidstyle.networks import FeatureNetwork, Style, load_features, load_style
from vidstyle.networks.checkpoints.exporting import SUFFIXES, export_style
from vidstyle.networks.checkpoints.importing import import_style
from vidstyle.networks.checkpoints.proof import doubts
from vidstyle.networks.checkpoints.reading import read_checkpoint
from vidstyle.networks.checkpoints.recognizing import LAYOUTS
from vidstyle.networks.features import parts_of

WEIGHTS = SHARED / "weights"
PHOTO = SHARED / "photos" / "kodak" / "kodim22.jpg"
SCALES = {"-1..1": (2, -1), "0..1": (1, 0), "0..255": (255, 0)}
PUBLISHED: dict[str, dict[str, Any]] = {
    "cyclegan-resnet": {"width": 64, "blocks": 9},
    "pix2pix-unet": {"width": 64, "depth": 8},
    "animeganv2": {"width": 32},
    "cartoongan": {"width": 64, "blocks": 8},
    "pytorch-fast-style": {"widths": [32, 64, 128], "blocks": 5},
    "reconet": {"widths": [32, 64, 128], "blocks": 5},
    "reconet-nested": {"widths": [48, 96, 192], "blocks": 4},
    "rrmina-fast-style": {"widths": [32, 64, 128], "blocks": 5, "bottleneck": 64},
    "tensorflow-fast-style": {"widths": [32, 64, 128], "blocks": 5},
}


class Book:
    """Prints lines as they come and keeps them, and pictures by name."""

    def __init__(self, pictures: Path) -> None:
        self.lines: list[str] = []
        self._pictures = pictures

    def say(self, line: str) -> None:
        print(line, flush=True)
        self.lines.append(line.rstrip())

    def draw(self, name: str, images: Tensor) -> str:
        self._pictures.mkdir(parents=True, exist_ok=True)
        codes = (images[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
        cv2.imwrite(str(self._pictures / f"{name}.png"), codes[..., ::-1])
        return f"{name}.png"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="write the tables here as well")
    parser.add_argument("--pictures", type=Path, help="folder for the pictures [default: none kept]")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, torch.inference_mode():
        work = Path(name)
        book = Book(options.pictures or work / "pictures")
        for part in (every_file, every_layout, self_checks, round_trips, rejected):
            part(book, work)
            book.say("")
    if options.out:
        options.out.write_text("\n".join(book.lines))


def photo() -> Tensor:
    with open_reader(PHOTO) as reader:
        images = next(iter(reader.frames())).images
    return images[..., :384, :512].clone()


def weights_in(path: Path) -> dict[str, Tensor]:
    """Read tensors without the importer, kernels in torch's order."""
    if path.is_dir():
        entries = json.loads((path / "manifest.json").read_text())
        arrays = {k: np.fromfile(path / e["filename"], "<f4").reshape(e["shape"]) for k, e in entries.items()}
        return {k: torch.from_numpy(a.transpose(3, 2, 0, 1).copy() if a.ndim == 4 else a) for k, a in arrays.items()}
    loaded = torch.load(path, map_location="cpu", weights_only=True)
    return loaded.get("model", loaded)


def every_file(book: Book, work: Path) -> None:
    book.say("Every file of published weights")
    book.say(f"{'file':<46}{'taken as':<27}{'parameters':>11}  {'difference':<14}picture")
    files = [*WEIGHTS.rglob("*.pth"), *(each.parent for each in WEIGHTS.rglob("manifest.json"))]
    for path in sorted(files):
        taken, difference, picture = taken_as(book, path, work)
        count = sum(tensor.numel() for tensor in weights_in(path).values())
        book.say(f"{path.relative_to(WEIGHTS)!s:<46}{taken:<27}{count:>11,}  {difference:<14}{picture}")


def taken_as(book: Book, path: Path, work: Path) -> tuple[str, str, str]:
    """Try a file at each door; gives what it is, its difference to the reference, and its picture."""
    weights, name = weights_in(path), path.stem.lower()
    if path.name.startswith("raft"):
        return as_flow(book, path)
    if (parts := parts_of(weights)) is not None:
        distilled = parts.name == "vgg19-distilled"
        reference = distilled_features if distilled else normalised_features
        found, wanted = load_features(path)(photo()), reference(weights, photo())
        apart = max(
            float((one - other).abs().max() / other.abs().max()) for one, other in zip(found, wanted, strict=True)
        )
        return f"features, {parts.name}", f"{apart:.1e}", "seen back by its decoder"
    try:
        style = load_style(import_style(path, models=work / "files").folder)
    except StyleError as error:
        return as_decoder(book, path, weights, str(error))
    made = style.paint(photo())
    apart = reference_difference(style, weights, photo())
    return style.card.provenance.layout, f"{apart:.4f} codes", book.draw(name, made)


def reference_difference(style: Style, weights: dict[str, Tensor], images: Tensor) -> float:
    span = SCALES[style.card.value_range][0]
    x = style.encode(images)
    expected = REFERENCES[style.card.provenance.layout](weights, x)
    return float((style.generator(x) - expected).abs().max()) / span * 255


def as_decoder(book: Book, path: Path, weights: dict[str, Tensor], refusal: str) -> tuple[str, str, str]:
    """What a decoder draws of the features that our loading of its encoder gives."""
    known = "a decoder" in refusal
    distilled = path.name.startswith("SD")
    encoder = path.with_name(
        path.name.replace("SD", "SE") if distilled else path.name.replace("feature_invertor", "vgg_normalised")
    )
    parts = parts_of(weights_in(encoder))
    last = f"relu{len(parts.stages)}_1"
    (features,) = FeatureNetwork(replace(parts, widened=()), [last])(photo())
    drawn = (distilled_decoder if distilled else normalised_decoder)(weights, features)
    decibels = -10 * (drawn.clamp(0, 1) - photo()).square().mean().log10()
    told = f"{book.draw(path.stem.lower(), drawn)}, of its encoder's {last}: {decibels:.1f} dB"
    return "refused: a decoder" if known else "refused", "", told


def as_flow(book: Book, path: Path) -> tuple[str, str, str]:
    estimator = build_estimator(MotionConfig(estimator="raft-small", weights=str(path)))
    images = photo()
    flow = estimator(images[..., 8:-8, 8:-8], images[..., 8:-8, 3:-13]).to_previous
    error = (flow - torch.tensor([5.0, 0.0])[None, :, None, None]).norm(dim=1)[..., 16:-16, 16:-16].mean()
    network, _ = load_network("raft-small", str(path))
    first, second = 2 * images[..., 8:-8] - 1, 2 * images[..., 3:-13] - 1
    weights = {key.removeprefix("module."): value for key, value in weights_in(path).items()}
    apart = float((network.eval()(first, second)[-1] - raft_small(weights, first, second)).abs().max())
    return "flow, raft-small", f"{apart:.4f} px", f"a shift of 5 px is found within {error:.2f} px"


def every_layout(book: Book, work: Path) -> None:
    book.say("Every layout at its published size, random weights")
    book.say(f"{'layout':<27}{'parameters':>11}  {'order and values':<18}difference to the reference")
    for layout, options in PUBLISHED.items():
        weights = checkpoint(layout, **options)
        path = work / f"{layout}.pth"
        torch.save({"state_dict": {f"module.{key}": value for key, value in weights.items()}}, path)
        style = load_style(import_style(path, models=work / "layouts").folder)
        assert style.card.provenance.layout == layout
        apart = reference_difference(style, weights, photo()[..., :256, :256])
        count = sum(parameter.numel() for parameter in style.generator.parameters())
        told = f"{style.card.channel_order} {style.card.value_range}"
        book.say(f"{layout:<24}{count:>11,}  {told:<18}{apart:.4f} codes")
        path.unlink()


def self_checks(book: Book, work: Path) -> None:
    book.say("The test card: as inferred, and with settings that are wrong")
    for style in (load_style(each) for each in sorted((work / "files").iterdir())):
        wrong = "rgb" if style.card.channel_order == "bgr" else "bgr"
        for update in ({}, {"channel_order": wrong}, {"value_range": "-1..1"}, {"value_range": "0..1"}):
            changed = replace(style, card=style.card.model_copy(update=update))
            told = "; ".join(doubts(changed)) or "no doubt"
            book.say(f"{style.card.name[:8]:<10}{''.join(update.values()) or 'as inferred':<13}{told}")


def round_trips(book: Book, work: Path) -> None:
    book.say("Out and back: difference of the file to the style, then the same weights under the same names again")
    real = [load_style("ink"), *(load_style(each) for each in sorted((work / "files").iterdir()))]
    for style in (*real, *small_styles(work)):
        told = []
        for kind, suffix in SUFFIXES.items():
            path = work / "out" / f"{style.card.name}{suffix}"
            apart = export_style(style, path, kind, overwrite=True)
            again = load_style(import_style(path, models=work / "back", overwrite=True).folder)
            before, after = style.generator.state_dict(), again.generator.state_dict()
            same = all(torch.equal(before[key], after[key]) for key in before if not key.endswith("tracked"))
            same = same and again.card.generator == style.card.generator
            told.append(f"{kind} {apart:.4f} {'same' if same else 'OTHER'}")
        book.say(f"{style.card.name[:24]:<26}{', '.join(told)}")


def small_styles(work: Path) -> Iterator[Style]:
    for layout in LAYOUTS:
        torch.save(checkpoint(layout), work / "small.pth")
        yield load_style(import_style(work / "small.pth", models=work / "small", name=f"small-{layout}").folder)


class Hostile:
    """Leaves a file behind where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, str]]:
        return open, (str(self.mark), "w")


def rejected(book: Book, work: Path) -> None:
    book.say("Refused")
    folder, mark = work / "hostile", work / "ran"
    folder.mkdir()
    mosaic = next(WEIGHTS.rglob("mosaic*.pth"))
    weights = weights_in(mosaic)
    (folder / "truncated.pth").write_bytes(mosaic.read_bytes()[:1_000_000])
    (folder / "text.pth").write_text("these are weights\n")
    wrong = {key.replace("ResidualBlock", "Blocks"): value for key, value in weights.items()}
    torch.save(wrong, folder / "other-keys.pth")
    torch.save(weights | {"ConvBlock.2.conv_layer.weight": torch.ones(64, 32, 5, 5)}, folder / "other-shape.pth")
    torch.save(weights | {"ConvBlock.0.conv_layer.bias": torch.full((32,), torch.nan)}, folder / "diverged.pth")
    torch.save({"net": weights, "hook": Hostile(mark)}, folder / "hostile.pth")
    (folder / "hostile-bare.pth").write_bytes(pickle.dumps(Hostile(mark)))
    torch.save(resnet18(weights=None).state_dict(), folder / "classifier.pth")
    files = [*sorted(folder.iterdir()), WEIGHTS / "raft" / "raft-small.pth"]
    for path in files:
        try:
            read_checkpoint(path)
            import_style(path, models=work / "never")
            told = "NOT REFUSED"
        except VidstyleError as error:
            told = str(error).replace(str(path), path.name)
        book.say(f"{path.name:<18}{told}")
    left = sorted(each.name for each in (work / "never").iterdir()) if (work / "never").exists() else []
    book.say(f"hostile code has {'RUN' if mark.exists() else 'not run'}; styles left behind: {left or 'none'}")
    torch.load(folder / "hostile.pth", weights_only=False)["hook"].close()
    book.say(f"the same file under an unsafe reader: its code has {'run' if mark.exists() else 'NOT run'}")


if __name__ == "__main__":
    main()
