"""Checkpoints: one file that holds all a training needs to go on as if it had never stopped."""

import pickle
from pathlib import Path
from typing import Any

import torch

from vidstyle.errors import TrainingError

CHECKPOINT = "checkpoint.pt"


def save_checkpoint(folder: Path, state: dict[str, Any]) -> Path:
    """Write `state` (tensors, numbers, strings, containers of them) to `folder`; the old file stays until then."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / CHECKPOINT
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)
    return path


def load_checkpoint(folder: Path, *, recipe: str) -> dict[str, Any]:
    """Read the checkpoint in `folder` without running any code from it.

    Raises TrainingError when there is none, or it is damaged.
    """
    path = folder / CHECKPOINT
    if not path.is_file():
        raise TrainingError(f"nothing to resume: {path} is missing; train without --resume first", recipe=recipe)
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, OSError) as error:
        raise TrainingError(f"{path} can't be read ({error}); delete it and train anew", recipe=recipe) from error
    return state
