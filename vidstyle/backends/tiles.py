"""Pictures that are too big for a device, drawn in tiles that are equal to the whole."""

from dataclasses import dataclass
from itertools import pairwise, product

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import batch_norm

from vidstyle.backends.graph import Graph, UntileableError, Values
from vidstyle.backends.reach import Reach
from vidstyle.backends.shelf import Shelf

_LEAST_PICTURE = 64  # px; a smaller one has no room for the borders of a network
_TOLERANCE = 1e-3  # of the range of the output: a network that depends on the place is wrong by far more


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of a picture: `core` is what is drawn, `seen` what has to be looked at for that, in px of the input."""

    core: tuple[slice, slice]
    seen: tuple[slice, slice]

    def within(self, features: Float[Tensor, "1 c h w"]) -> Float[Tensor, "1 c core_h core_w"]:
        """Give the core's part of what some layer made of `seen`, at whatever size.

        Raises UntileableError where that size is no simple fraction of the picture's.
        """
        parts = []
        for size, core, seen in zip(features.shape[-2:], self.core, self.seen, strict=True):
            whole = seen.stop - seen.start
            edges = [(edge - seen.start) * size for edge in (core.start, core.stop)]
            if any(edge % whole for edge in edges):
                raise UntileableError(f"a layer makes {size} of {whole} pixels")
            parts.append(slice(*(edge // whole for edge in edges)))
        return features[..., parts[0], parts[1]]


class Tiles:
    """Runs a generator over tiles, with the statistics of the whole picture.

    A layer that normalizes over the whole picture (Ulyanov et al. 2016) is why tiles usually show their seams. Here all
    tiles are brought up to such a layer, mean and variance are gathered over all of them (Chan et al. 1979, equation
    2.1), and then all go on. In between they wait on a `Shelf`, so that the device only holds one. Each sees as much
    around it as its pixels depend on.

    Convention: height and width are multiples of `multiple`, as for the generator itself.

    Raises:
        UntileableError: the generator sees the whole picture in some other way, or depends on the place.
    """

    def __init__(self, generator: nn.Module, device: torch.device) -> None:
        self.graph = Graph(generator)
        self.device = device
        self.multiple = int(getattr(generator, "multiple", 1))
        self.reach = Reach.of(self.graph, self.multiple, device)
        self._prove()

    def __call__(self, x: Float[Tensor, "n c h w"], side: int) -> Float[Tensor, "n 3 h w"]:
        """Draw `x` in tiles of about `side` px."""
        return torch.cat([self._draw(picture[None], side) for picture in x])

    def _draw(self, x: Float[Tensor, "1 c h w"], side: int) -> Float[Tensor, "1 3 h w"]:
        tiles = self.cut(x.shape[-2], x.shape[-1], side)
        drawn: Tensor | None = None
        statistics: tuple[Tensor, Tensor] | None = None

        def normalize(layer: nn.Module, features: Tensor) -> Tensor:
            assert statistics is not None  # a section that begins with a layer follows one that gathered them
            return _normalized(layer, features, *statistics)

        with Shelf(self.device) as shelf:
            for section, ahead in zip(self.graph.sections, [*self.graph.sections[1:], None], strict=True):
                moments = Moments()
                for number, tile in enumerate(tiles):
                    values: Values = shelf.take(number) if section[0].op != "placeholder" else {}
                    made = self.graph.run(section, values, x[..., *tile.seen], normalize)
                    if ahead is not None:
                        layer = self.graph.norm(ahead[0])
                        assert layer is not None
                        moments.add(_grouped(layer, tile.within(values[ahead[0].args[0]])))  # type: ignore[index]
                        shelf.put(number, values)
                    elif made is not None:
                        drawn = x.new_empty(1, *made.shape[1:2], *x.shape[-2:]) if drawn is None else drawn
                        drawn[..., *tile.core] = tile.within(made)
                statistics = moments.finished() if ahead is not None else None
                shelf.turn()
        assert drawn is not None
        return drawn

    def cut(self, height: int, width: int, side: int) -> list[Tile]:
        """Divide a picture into tiles of at most `side` px, as equal as they can be."""
        spans = [self._spans(size, side) for size in (height, width)]
        return [Tile((down[0], right[0]), (down[1], right[1])) for down, right in product(*spans)]

    def _spans(self, size: int, side: int) -> list[tuple[slice, slice]]:
        steps = size // self.multiple
        count = -(-steps // max(1, side // self.multiple))
        edges = [steps * number // count * self.multiple for number in range(count + 1)]
        around = self.reach.pixels
        return [
            (slice(begin, end), slice(max(0, begin - around), min(size, end + around)))
            for begin, end in pairwise(edges)
        ]

    def _prove(self) -> None:
        """Draw one small picture both ways: a network that knows where in the picture it is can't be cut."""
        height = max(8 * self.multiple, _LEAST_PICTURE)
        width = height + 2 * self.reach.pixels
        x = torch.rand(1, self.graph.inputs, height, width, generator=torch.Generator().manual_seed(0)).to(self.device)
        x[:, 3:] = 1  # a strength is the same everywhere
        nodes = [node for section in self.graph.sections for node in section]
        whole = self.graph.run(nodes, {}, x, lambda layer, features: layer(features))
        assert whole is not None  # the last node is the output
        if whole.shape[-2:] != x.shape[-2:]:
            raise UntileableError(f"it makes {tuple(whole.shape[-2:])} of {tuple(x.shape[-2:])} pixels")
        apart = (self(x, height // 2) - whole).abs().amax() / (whole.amax() - whole.amin()).clamp(min=1e-6)
        if apart > _TOLERANCE:
            raise UntileableError("what it draws depends on the place in the picture")


class Moments:
    """Mean and variance of values that come in parts, a row for each group of channels."""

    def __init__(self) -> None:
        self.count = 0
        self.mean = self.squares = torch.zeros(())

    def add(self, values: Float[Tensor, "groups count"]) -> None:
        """Take in some more values (Chan, Golub and LeVeque 1979, equation 2.1)."""
        variance, mean = (part.double() for part in torch.var_mean(values, dim=1, correction=0))
        more = values.shape[1]
        if not self.count:
            self.count, self.mean, self.squares = more, mean, variance * more
            return
        count = self.count + more
        apart = mean - self.mean
        self.squares = self.squares + variance * more + apart.square() * (self.count * more / count)
        self.mean = self.mean + apart * (more / count)
        self.count = count

    def finished(self) -> tuple[Float[Tensor, " groups"], Float[Tensor, " groups"]]:
        """Give mean and variance, the one that divides by the count."""
        return self.mean.float(), (self.squares / self.count).float()


def _groups(layer: nn.Module, channels: int) -> int:
    return layer.num_groups if isinstance(layer, nn.GroupNorm) else channels


def _grouped(layer: nn.Module, features: Float[Tensor, "1 c h w"]) -> Float[Tensor, "groups count"]:
    return features.reshape(_groups(layer, features.shape[1]), -1)


def _normalized(layer: nn.Module, features: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
    assert isinstance(layer, nn.GroupNorm | nn.InstanceNorm2d)
    each = features.shape[1] // _groups(layer, features.shape[1])
    mean, variance = (moment.repeat_interleave(each) for moment in (mean, variance))
    return batch_norm(features, mean, variance, layer.weight, layer.bias, eps=layer.eps)
