"""A generator as a list of steps, so that it can be stopped wherever it looks at the whole picture."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, fx, nn

Values = dict[fx.Node, Any]
"""What the steps so far gave and later ones still need."""


class UntileableError(Exception):
    """This generator can't be cut into tiles; the message goes on after "because"."""


class Graph:
    """The steps of a generator, divided at each normalization over the whole picture.

    Convention: `sections` are the steps between two such layers; each but the last ends just before one. A layer over
    the whole picture is an InstanceNorm2d without running statistics, or a GroupNorm: both take mean and variance over
    height and width. `inputs` are the channels of its input: 3, and a fourth where it takes a strength.

    Raises:
        UntileableError: the steps depend on what is in the picture, or are not PyTorch's.
    """

    def __init__(self, generator: nn.Module) -> None:
        self.inputs = int(getattr(generator, "inputs", 3))
        try:
            root = nn.Sequential(generator)  # tracing can't begin in a function with checked annotations
            self.module = fx.GraphModule(root, _Tracer().trace(root))
        except Exception as error:  # tracing runs foreign code, which fails in whatever way it likes
            raise UntileableError("its steps can't be followed by torch.fx") from error
        nodes = list(self.module.graph.nodes)
        self.sections: list[list[fx.Node]] = [[]]
        for node in nodes:
            if self.norm(node) is not None:
                self.sections.append([])
            self.sections[-1].append(node)
        self._leaving = _last_uses(nodes)

    def norm(self, node: fx.Node) -> nn.Module | None:
        """Give the layer of `node` if it looks at the whole picture."""
        layer = self.module.get_submodule(str(node.target)) if node.op == "call_module" else None
        whole = isinstance(layer, nn.GroupNorm) or (
            isinstance(layer, nn.InstanceNorm2d) and not layer.track_running_stats
        )
        return layer if whole else None

    def run(
        self,
        nodes: Iterable[fx.Node],
        values: Values,
        x: Tensor,
        normalize: Callable[[nn.Module, Tensor], Tensor],
        watch: Callable[[Values], None] | None = None,
    ) -> Tensor | None:
        """Go on from `values`, which is changed; gives the output after the last step, None before.

        `x` is the input, `normalize` does what the layers over the whole picture do, and `watch` sees the values after
        every step, before what nobody needs any more is dropped.
        """
        for node in nodes:
            arguments = fx.node.map_arg((node.args, node.kwargs), values.__getitem__)
            values[node] = made = self._step(node, arguments, x, normalize)
            if watch is not None:
                watch(values)
            for past in self._leaving[node]:
                values.pop(past, None)
            if node.op == "output":
                return made  # type: ignore[no-any-return]  # a generator gives a tensor
        return None

    def _step(self, node: fx.Node, arguments: Any, x: Tensor, normalize: Callable[[nn.Module, Tensor], Tensor]) -> Any:
        args, kwargs = arguments
        if node.op == "placeholder":
            return x
        if node.op == "output":
            return args[0]
        if node.op == "get_attr":
            owner, _, name = str(node.target).rpartition(".")
            return getattr(self.module.get_submodule(owner), name)
        if node.op == "call_method":
            return getattr(args[0], str(node.target))(*args[1:], **kwargs)
        if node.op == "call_function":
            return node.target(*args, **kwargs)  # type: ignore[operator]  # a string only for methods and modules
        layer = self.norm(node)
        return (
            self.module.get_submodule(str(node.target))(*args, **kwargs) if layer is None else normalize(layer, *args)
        )


class _Tracer(fx.Tracer):
    """Follows a network down to torch's own layers, also through slices of a sequence and annotated functions."""

    def path_of_module(self, mod: nn.Module) -> str:
        try:
            return super().path_of_module(mod)
        except NameError:  # a slice of a Sequential is made on the way, and belongs to nobody
            return ""

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        path = self.path_of_module(m)
        if path and self.is_leaf_module(m, path):
            return super().call_module(m, forward, args, kwargs)
        # The function inside a checked one: what is passed here only stands for a tensor.
        return inspect.unwrap(type(m).forward)(m, *args, **kwargs)


def _last_uses(nodes: list[fx.Node]) -> dict[fx.Node, list[fx.Node]]:
    order = {node: position for position, node in enumerate(nodes)}
    leaving: dict[fx.Node, list[fx.Node]] = {node: [] for node in nodes}
    for node in nodes:
        if node.op != "output":
            leaving[max(node.users, key=order.__getitem__, default=node)].append(node)
    return leaving


def bytes_of(values: Iterable[Any]) -> int:
    """How much memory the tensors among `values` need."""
    storages = {
        value.untyped_storage().data_ptr(): value.untyped_storage().nbytes()
        for value in values
        if isinstance(value, torch.Tensor)
    }
    return sum(storages.values())
