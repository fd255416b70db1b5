"""Four or eight neighbouring pixels at a time, for loops that the compiler can't see to be independent.

Sums are made lane by lane and then in one fixed order, so they come out as the same bits on every machine; a compiler
that may choose the order itself is faster in some places and answers otherwise in the next.
"""

import inspect
import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

from vidstyle.kernels.compiling import Kernel

COUNT = 8
_INDEX = ir.IntType(32)


class _Lanes(types.Type):
    """Some float32 in one register, or in two where registers are short."""

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(name=f"lanes{count}")


_EIGHT, _FOUR = _Lanes(COUNT), _Lanes(COUNT // 2)


@register_model(_Lanes)
class _Register(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _vector(kind))


def _vector(kind: Any) -> Any:
    return ir.VectorType(ir.FloatType(), kind.count)


def _instruction(function: Kernel) -> Kernel:
    """Have a function give the code of calls of its name in kernels: of what type it is, and how it is built."""
    result: Kernel = intrinsic(inspect.unwrap(function))  # without the checks of types that tests put around
    return result


@_instruction
def eight(typingctx: Any, values: Any, at: Any) -> Any:  # noqa: ARG001
    """Take eight values of a flat array, from number `at` on; nobody asks whether they are inside it."""
    return _EIGHT(values, at), _taken


@_instruction
def four(typingctx: Any, values: Any, at: Any) -> Any:  # noqa: ARG001
    """Take four values of a flat array, from number `at` on; nobody asks whether they are inside it."""
    return _FOUR(values, at), _taken


def _taken(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.load(_place(context, builder, signature, arguments, signature.return_type), align=4)


@_instruction
def put(typingctx: Any, values: Any, at: Any, lanes: Any) -> Any:  # noqa: ARG001
    """Write eight values into a flat array, from number `at` on; nobody asks whether they are inside it."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _place(context, builder, signature, arguments, signature.args[2])
        builder.store(arguments[2], place, align=4)
        return context.get_dummy_value()

    return types.none(values, at, lanes), code


@_instruction
def each(typingctx: Any, value: Any) -> Any:  # noqa: ARG001
    """Give eight times one float32."""
    return _EIGHT(types.float32), lambda _, builder, __, arguments: _repeated(builder, arguments[0], COUNT)


def _repeated(builder: Any, value: Any, count: int) -> Any:
    nothing = ir.Constant(ir.VectorType(ir.FloatType(), count), ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(_INDEX, 0))
    return builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(_INDEX, count), [0] * count))


@_instruction
def total(typingctx: Any, lanes: Any) -> Any:  # noqa: ARG001
    """Sum up the lanes: halves, and so on until one is left."""

    def code(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        rest, count = arguments[0], lanes.count
        while count > 1:
            count //= 2
            halves = (range(count), range(count, 2 * count))
            masks = [ir.Constant(ir.VectorType(_INDEX, count), list(half)) for half in halves]
            rest = builder.fadd(*(builder.shuffle_vector(rest, rest, mask) for mask in masks))
        return builder.extract_element(rest, ir.Constant(_INDEX, 0))

    return types.float32(lanes), code


@_instruction
def root(typingctx: Any, lanes: Any) -> Any:  # noqa: ARG001
    """Take the square root of each lane."""

    def code(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        kind, name = ir.FunctionType(_vector(lanes), [_vector(lanes)]), f"llvm.sqrt.v{lanes.count}f32"
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)

    return lanes(lanes), code


@_instruction
def shifted(typingctx: Any, before: Any, lanes: Any) -> Any:  # noqa: ARG001
    """Give the left neighbour of each lane: the last one of `before` and all but the last of `lanes`."""
    mask = list(range(COUNT - 1, 2 * COUNT - 1))
    return _EIGHT(before, lanes), _picked(mask)


@_instruction
def next_to(typingctx: Any, lanes: Any, after: Any) -> Any:  # noqa: ARG001
    """Give the right neighbour of each lane: all but the first of `lanes`, and the first one of `after`."""
    mask = list(range(1, COUNT + 1))
    return _EIGHT(lanes, after), _picked(mask)


def _picked(numbers: list[int]) -> Kernel:
    """Give the code that picks lanes by number out of two times eight."""
    mask = ir.Constant(ir.VectorType(_INDEX, COUNT), numbers)
    return lambda _, builder, __, arguments: builder.shuffle_vector(*arguments, mask)


@_instruction
def larger(typingctx: Any, a: Any, b: Any) -> Any:  # noqa: ARG001
    """Take the larger of each two lanes."""

    def code(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", *arguments), *arguments)

    return a(a, b), code


def _place(context: Any, builder: Any, signature: Any, arguments: Any, kind: Any) -> Any:
    array = cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0])
    return builder.bitcast(builder.gep(array.data, [arguments[1]]), _vector(kind).as_pointer())


def _teach(operation: Kernel, name: str) -> None:
    """Have an operator mean LLVM's instruction of that name where lanes are on both sides, or on the right alone."""

    def typed(_: Any) -> Kernel:
        return lambda a, b: b if isinstance(b, _Lanes) and a in (b, types.float32) else None

    def between(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return getattr(builder, name)(*arguments)

    def with_one(_: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        repeated = _repeated(builder, arguments[0], signature.args[1].count)
        return getattr(builder, name)(repeated, arguments[1])

    type_callable(operation)(typed)
    lower_builtin(operation, _Lanes, _Lanes)(between)
    lower_builtin(operation, types.float32, _Lanes)(with_one)


_teach(operator.add, "fadd")
_teach(operator.sub, "fsub")
_teach(operator.mul, "fmul")
_teach(operator.truediv, "fdiv")
