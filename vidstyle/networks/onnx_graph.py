"""A generator that is an ONNX graph, executed by ONNX Runtime."""

from typing import Any, Literal

import numpy as np
import onnxruntime
import torch
from jaxtyping import Float
from torch import Tensor, nn

from vidstyle.errors import StyleError

_PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")


class OnnxGenerator(nn.Module):
    """Runs a graph whose architecture nobody here needs to know; the graph itself is the weights.

    Convention: pictures go in and come out as (n, 3, h, w) whatever the graph's own axes are, in the range and order
    that the style's card tells. They are run one by one.

    Args:
        size: bytes of the graph.
        axes: of the graph's input.
        multiple: what height and width must be multiples of.
    """

    def __init__(self, *, size: int, axes: Literal["nchw", "nhwc"] = "nchw", multiple: int = 1) -> None:
        super().__init__()
        self.graph = nn.Parameter(torch.zeros(size, dtype=torch.uint8), requires_grad=False)
        self.axes, self.multiple = axes, multiple
        self._session: Any = None

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h2 w2"]:
        """Stylize pictures. Raises StyleError where the graph can't be run."""
        if self._session is None:
            self._session = self._open()
        pictures = x.detach().float().cpu().numpy()
        made = [torch.from_numpy(self._run(picture[None])) for picture in pictures]
        return torch.cat(made).to(x.device)

    def _run(self, picture: Any) -> Any:
        name = self._session.get_inputs()[0].name
        wanted = picture.transpose(0, 2, 3, 1) if self.axes == "nhwc" else picture
        try:
            (made,) = self._session.run(None, {name: np.ascontiguousarray(wanted)})
        except Exception as error:  # ONNX Runtime's errors have no common base
            first = str(error).splitlines()[0]
            raise StyleError(f"the ONNX graph can't run a picture of {picture.shape}: {first}", style="onnx") from error
        return np.ascontiguousarray(made.transpose(0, 3, 1, 2) if self.axes == "nhwc" else made, np.float32)

    def _open(self) -> Any:
        present = onnxruntime.get_available_providers()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # what fails is raised; the import tries sizes that must fail
        try:
            return onnxruntime.InferenceSession(
                self.graph.cpu().numpy().tobytes(),
                options,
                providers=[each for each in _PROVIDERS if each in present],
            )
        except Exception as error:
            first = str(error).splitlines()[0]
            raise StyleError(f"the ONNX graph can't be loaded: {first}", style="onnx") from error
