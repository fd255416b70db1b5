"""How far around it a pixel of the output looks, and how much memory the way there needs."""

from dataclasses import dataclass

import torch

from vidstyle.backends.graph import Graph, UntileableError, Values, bytes_of

_FARTHEST = 1024  # px; whoever looks farther gains nothing by tiles


@dataclass(frozen=True, slots=True)
class Reach:
    """Measured facts of a generator: `pixels` to each side that matter, `memory` in bytes that each pixel needs."""

    pixels: int
    memory: float

    @classmethod
    def of(cls, graph: Graph, multiple: int, device: torch.device) -> "Reach":
        """Put a block of NaN into a black picture and see how far it spreads; statistics stand still meanwhile.

        NaN goes through every weight, also one of zero, so that the result can't be too small.

        Raises:
            UntileableError: it spreads over more than a thousand pixels.
        """
        side = max(128, 8 * multiple)
        nodes = [node for section in graph.sections for node in section]
        while side <= _FARTHEST * 2:
            most = 0

            def weigh(values: Values) -> None:
                nonlocal most
                most = max(most, bytes_of(values.values()))

            middle = side // 2 // multiple * multiple
            block = slice(middle, middle + multiple)
            x = torch.zeros(1, graph.inputs, side, side, device=device)
            x[..., block, block] = torch.nan
            made = graph.run(nodes, {}, x, lambda _, features: features * 0, weigh)
            assert made is not None  # the last node is the output
            touched = made.isnan().any(1)[0]
            rows, columns = (touched.any(axis).nonzero().flatten().tolist() for axis in (1, 0))
            if not rows:
                raise UntileableError("its output does not depend on its input")
            first, last = min(rows[0], columns[0]), max(rows[-1], columns[-1])
            if first >= multiple and last < side - multiple:
                pixels = max(middle - first, last + 1 - block.stop)
                return cls(-(-pixels // multiple) * multiple, most / side**2)
            side *= 2
        raise UntileableError(f"a pixel of it depends on places more than {_FARTHEST // 2} pixels away")
