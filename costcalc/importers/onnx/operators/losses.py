"""Losses: what is predicted for the classes that are right, weighted and added up."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, dims_text
from costcalc.importers.onnx.context import OnnxContext, Operator, OpView, Rule
from costcalc.importers.onnx.tensors import TensorInfo


def likelihood(op: OpView) -> Rule:
    """NegativeLogLikelihoodLoss of logarithms of probabilities, targets, and weights of classes."""
    ctx = yield [_reduced_info(op)]
    ctx.set_output(_loss(ctx, ctx.operand(0)))


def cross_entropy(op: OpView) -> Rule:
    """SoftmaxCrossEntropyLoss of scores; the logarithms of their softmax are its second output."""
    info = op.input(0)
    ctx = yield [_reduced_info(op), info._replace(values=None)]
    x, (axis,) = ctx.along_axes(0, [1])
    logs = ctx.add("log_softmax", (x,), {"axis": axis})
    ctx.set_output(_loss(ctx, logs))
    if ctx.is_read(1):
        ctx.set_output(logs, 1)


def _reduced_info(op: OpView) -> TensorInfo:
    """A loss for each element, or their sum or mean, over all images.

    Raises:
        Refusal: there is not one target for each place.
    """
    x, target = op.input(0), op.input(1)
    if len(x.shape) < 2 or target.shape != (x.shape[0], *x.shape[2:]):
        raise Refusal(
            "has other targets than places",
            expected="(images, classes, ...) and (images, ...)",
            found=f"{dims_text(x.shape)} and {dims_text(target.shape)}",
        )
    if op.string("reduction", "mean") == "none":
        return TensorInfo(target.shape, op.leading_batch(x))
    return TensorInfo(())


def _loss(ctx: OnnxContext, x: Operand) -> Operand:
    """The elements of the right classes with their signs turned, weighted, and reduced."""
    target = ctx.operand(1)
    shape = target.shape
    loss = ctx.add("neg", (ctx.add("rearrange", (x, target), {"shape": shape}),))
    weights = None
    if ctx.has(2):
        table = ctx.operand(2, ctx.shape(2) or (1,))
        weights = ctx.add("rearrange", (table, target), {"shape": shape})
        loss = emit.join(ctx, "multiply", (loss, weights))
    reduction = ctx.string("reduction", "mean")
    if reduction == "none" or prod(shape) == 1:
        return loss
    axes = range(len(shape))
    if weights is None or reduction == "sum":
        return emit.reduce(ctx, loss, "sum" if reduction == "sum" else "mean", axes, keep=False)
    sums = [emit.reduce(ctx, part, "sum", axes, keep=False) for part in (loss, weights)]
    return emit.join(ctx, "divide", sums)


TABLE: Mapping[str, Operator] = {
    "NegativeLogLikelihoodLoss": likelihood,
    "SoftmaxCrossEntropyLoss": cross_entropy,
}
