"""``costcalc training``."""

from __future__ import annotations

import click

from costcalc import resources
from costcalc.cli.options import (
    Options,
    completed_by,
    output_options,
    pass_options,
    settings_options,
)
from costcalc.cli.output import show
from costcalc.cli.words import Choice, Whole
from costcalc.gradients.optimizers import OPTIMIZERS, PRECISIONS

_WORD = "every"


class _Command(click.Command):
    """Reads ``--checkpoint every 4`` as ``--checkpoint 4``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        words = [
            word
            for before, word in zip(["", *args], args, strict=False)
            if not (word == _WORD and before == "--checkpoint")
        ]
        return super().parse_args(ctx, words)


@click.command(cls=_Command)
@click.argument("network", shell_complete=completed_by("networks"))
@settings_options
@click.option(
    "--batch",
    type=Whole(),
    default=1,
    metavar="N",
    help="Inputs trained on at once, up to 1,048,576: multiplies the bytes of activations.",
)
@click.option(
    "--optimizer",
    type=Choice(list(OPTIMIZERS)),
    default="sgd",
    help="What is kept of each param from one update to the next.  [default: sgd]",
)
@click.option(
    "--dtype",
    type=Choice(list(PRECISIONS)),
    default="fp32",
    help="How numbers are kept in training.  [default: fp32]",
)
@click.option(
    "--keeps",
    type=Choice(["pytorch", "minimal"]),
    default="pytorch",
    help="Activations: those that PyTorch keeps, or the least that gradients need.",
)
@click.option(
    "--mode",
    type=Choice(["train", "eval"]),
    default="train",
    help="Norms by the batch, with dropout; or by running statistics, without.",
)
@click.option(
    "--checkpoint",
    type=Whole(),
    metavar="[every] K",
    help="Keep the inputs of every K lines alone, and run these again.",
)
@click.option(
    "--freeze",
    multiple=True,
    metavar="PATTERN",
    shell_complete=completed_by("layers"),
    help="Layers whose params stay as they are, such as 'features/*'; may be repeated.",
)
@click.option(
    "--update",
    type=Choice(["all", "biases"]),
    default="all",
    help="What of each layer is updated: everything, or biases and shifts of norms.",
)
@click.option(
    "--last",
    type=Whole(),
    metavar="K",
    help="Update only the last K layers with params.",
)
@click.option(
    "--zero",
    type=Whole(),
    default=0,
    metavar="STAGE",
    help="Stage of ZeRO: 1 divides states, 2 gradients too, 3 weights too.",
)
@click.option(
    "--ranks",
    type=Whole(),
    default=1,
    metavar="N",
    help="Devices among which ZeRO divides.",
)
@output_options()
@pass_options
def command(
    options: Options,
    network: str,
    optimizer: str,
    keeps: str,
    mode: str,
    checkpoint: int | None,
    freeze: tuple[str, ...],
    update: str,
    last: int | None,
    zero: int,
    ranks: int,
) -> None:
    """What one step of training NETWORK costs, layer by layer.

    Mult-adds of one input, forward and backward; bytes of the whole batch:
    weights, gradients, states of the optimizer, and the activations that the
    backward pass needs, each tensor once.
    """
    answer = resources.training(
        options.opened(network),
        batch=options.batch,
        optimizer=optimizer,
        dtype=options.dtype or "fp32",
        keeps=keeps,
        mode=mode,
        checkpoint=checkpoint,
        freeze=freeze,
        update=update,
        last=last,
        zero=zero,
        ranks=ranks,
    )
    show(answer, options)
