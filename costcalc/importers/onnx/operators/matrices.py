"""Matrix products: with stored matrices, fully connected layers; of activations, products."""

from __future__ import annotations

from costcalc.importers.model import Sides
from costcalc.importers.onnx.call import Call
from costcalc.importers.onnx.known import (
    Known,
    NodeProblem,
    broadcast,
    elements,
    meeting_batch,
    text,
)
from costcalc.importers.onnx.site import Owned, Site


def matmul_shapes(call: Call) -> list[Known]:
    """Rows of the first by columns of the second, over stacks that meet."""
    return [product_of(call, 0, 1)]


def quantised_shapes(call: Call) -> list[Known]:
    """QLinearMatMul's: a scale and a zero point stand behind each tensor."""
    return [product_of(call, 0, 3)]


def matmul(site: Site) -> None:
    """A product, one side of which may be stored."""
    _multiplied(site, 0, 1, None)


def integer(site: Site) -> None:
    """A product of whole numbers; zero points follow."""
    site.configuration(2, 3)
    _multiplied(site, 0, 1, None)


def quantised(site: Site) -> None:
    """A product of quantised numbers."""
    site.configuration(1, 2, 4, 5, 6, 7)
    _multiplied(site, 0, 3, None)


def linear(site: Site) -> None:
    """A product with a stored matrix, and a stored vector added: x, matrix, bias."""
    _multiplied(site, 0, 1, 2)


def gemm_shapes(call: Call) -> list[Known]:
    """Rows of A' by columns of B'."""
    a, b = call.input(0), call.input(1)
    if len(a.shape) != 2 or len(b.shape) != 2:
        raise NodeProblem(
            "multiplies what is no matrix", found=f"{text(a.shape)} and {text(b.shape)}"
        )
    n, k = a.shape[::-1] if call.whole("transA", 0) else a.shape
    depth, m = b.shape[::-1] if call.whole("transB", 0) else b.shape
    if k != depth:
        raise _do_not_fit(a, b)
    batch = a.batch
    if batch is not None and call.whole("transA", 0):
        batch = 1 - batch
    return [Known((n, m), 0 if batch == 0 else None)]


def gemm(site: Site) -> None:
    """A fully connected layer, or a product and a sum."""
    a, b, out = site.input(0), site.input(1), site.output()
    n, m = out.shape
    has_bias = site.has(2)
    fits = has_bias and site.input(2).is_static and elements(site.shape(2)) == m
    if not b.is_static:
        layer = _stacked(site)
    elif site.whole("transA", 0):
        source = _turned(site, 0, a)
        layer = _connected(site, source, (n, b_depth(site)), -1, m, (1, 2 if fits else None))
    else:
        source = site.source(0)
        layer = _connected(site, source, a.dims, -1, m, (1, 2 if fits else None))
    if has_bias and not (fits and b.is_static):
        bias = site.source(2, site.met(2, out))
        joined = site.layer(
            "add", {"broadcast": True}, (site.shaped(layer, out.dims), bias), out.dims
        )
        layer = joined
    site.give(layer)


def b_depth(site: Site) -> int:
    """How long the columns of B' are."""
    shape = site.shape(1)
    return shape[1] if site.whole("transB", 0) else shape[0]


def product_of(call: Call, first: int, second: int) -> Known:
    """The matrix product of two inputs, as NumPy's ``matmul`` has it."""
    a, b = call.input(first), call.input(second)
    if not a.shape or not b.shape:
        raise NodeProblem("multiplies a single number as a matrix")
    left = a.shape if len(a.shape) > 1 else (1, *a.shape)
    right = b.shape if len(b.shape) > 1 else (*b.shape, 1)
    if left[-1] != right[-2]:
        raise _do_not_fit(a, b)
    stack = broadcast([left[:-2], right[:-2]]) if len(left) + len(right) > 4 else ()
    rows = () if len(a.shape) == 1 else (left[-2],)
    columns = () if len(b.shape) == 1 else (right[-1],)
    shape = (*stack, *rows, *columns)
    kept = [
        each
        for each, inner in ((a, len(a.shape) - 1), (b, max(len(b.shape) - 2, 0)))
        if each.batch is not None and each.batch != inner
    ]
    moved = [each._replace(shape=(*each.shape[:-1], 1)) for each in kept]
    return Known(shape, meeting_batch(moved, shape, call.images))


def _multiplied(site: Site, first: int, second: int, bias: int | None) -> None:
    a, b, out = site.input(first), site.input(second), site.output()
    if b.is_static and len(b.shape) == 2 and not a.is_static:
        axis = len(a.dims) - 1
        source, dims = site.source(first), a.dims
        if a.batch == len(a.shape) - 1:
            source, dims = site.source(first, a.shape), a.shape
            axis = len(dims) - 1
        site.give(_connected(site, source, dims, axis, b.shape[1], (second, bias)))
        return
    is_stacked = len(b.shape) > 1 and (b.batch is None or b.batch < len(b.shape) - 2)
    if a.is_static and len(a.shape) == 2 and is_stacked and not b.is_static:
        site.give(_connected(site, site.source(second), b.dims, -2, a.shape[0], (first, None)))
        return
    layer = _stacked(site, first, second)
    if bias is not None:
        met = site.met(bias, out)
        layer = site.layer(
            "add",
            {"broadcast": True},
            (site.shaped(layer, out.dims), site.source(bias, met)),
            out.dims,
        )
    site.give(layer)


def _connected(
    site: Site,
    source: int,
    dims: Sides,
    axis: int,
    width: int,
    params: tuple[int, int | None],
) -> int:
    """A fully connected layer along an axis; over a vector where there is no other."""
    weight, bias = params
    axis %= len(dims)
    owned: Owned = [("weights", weight, elements(site.shape(weight)))]
    if bias is not None:
        owned = [*owned, ("biases", bias, width)]
    arguments = {"out": width, "bias": bias is not None}
    if len(dims) > 1:
        arguments |= {"per_position": True, "axis": axis - len(dims)}
    out = (*dims[:axis], width, *dims[axis + 1 :])
    return site.layer("fc", arguments, (source,), out, owned)


def _stacked(site: Site, first: int = 0, second: int = 1) -> int:
    """A product of two activations, in stacks of as many axes."""
    a, b, out = site.input(first), site.input(second), site.output()
    is_gemm = site.operation.operator == "Gemm"
    left = a.shape if len(a.shape) > 1 else (1, *a.shape)
    right = b.shape if len(b.shape) > 1 else (*b.shape, 1)
    if is_gemm:
        return _product(
            site,
            (_turned(site, 0, a) if site.whole("transA", 0) else site.source(0, left)),
            (_turned(site, 1, b) if site.whole("transB", 0) else site.source(1, right)),
        )
    rank = max(len(left), len(right))
    left = (1,) * (rank - len(left)) + left
    right = (1,) * (rank - len(right)) + right
    if out.batch is not None and out.batch < rank - 2 and rank > 2:
        axis = out.batch
        for shape in (left, right):
            if shape[axis] not in (1, site.images):
                raise NodeProblem("mixes the images of a batch", found=text(shape))
        left = left[:axis] + left[axis + 1 :]
        right = right[:axis] + right[axis + 1 :]
    return _product(site, site.source(first, left), site.source(second, right))


def _product(site: Site, left: int, right: int) -> int:
    rows, columns = site.lowering.dims(left), site.lowering.dims(right)
    stack = broadcast([rows[:-2], columns[:-2]]) if len(rows) > 2 else ()
    return site.layer("matmul", {}, (left, right), (*stack, rows[-2], columns[-1]))


def _turned(site: Site, index: int, known: Known) -> int:
    source = site.source(index, known.shape)
    return site.layer("transpose", {"axes": (1, 0)}, (source,), known.shape[::-1])


def _do_not_fit(a: Known, b: Known) -> NodeProblem:
    return NodeProblem(
        "multiplies matrices that do not fit together",
        expected="rows of the first as long as columns of the second",
        found=f"{text(a.shape)} and {text(b.shape)}",
    )
