"""Hold costcalc's import of every network of timm and torchvision to the network itself.

    python tools/judges/timm_coverage.py --output timm.jsonl               # every network
    python tools/judges/timm_coverage.py --output timm.jsonl resnet50 vit_tiny_patch16_224
    python tools/judges/timm_coverage.py --output timm.jsonl --summary tests/data/judges/timm.json

Networks are built on the meta device, one after another in one process, at the
library's own input size.  Each is a line of the output as soon as it is done, and
a run that is started again goes on behind the last line; each has a bounded time.
A network agrees where the params of all its layers together are those of
``module.parameters()`` and its mult-adds half of what FlopCounterMode counts.
The totals, and what does not agree and why, are printed at the end; exit code 1
where something does not.
"""

import argparse
import gc
import json
import signal
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import timm
import torch
import torchvision
from torch import nn
from torch.nn.modules.conv import _ConvNd
from torch.utils.flop_counter import FlopCounterMode

from costcalc.errors import CostcalcError
from costcalc.graph.expand import expand
from costcalc.importers.document import document
from costcalc.importers.torch import trace
from costcalc.kinds.base import PARAMS

SECONDS = 300
"""The longest that one network may take."""

IMAGE = (3, 224, 224)
LIBRARIES = ("timm", "torchvision")

Row = dict[str, Any]


class Network(NamedTuple):
    """A network of a library."""

    library: str
    model: str


class OutOfTimeError(Exception):
    """A network took longer than it may."""


def main() -> int:
    """Measure what is left to measure, then say how much agrees."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="*", help="these networks alone")
    parser.add_argument("--output", type=Path, required=True, help="a line for each network")
    parser.add_argument("--summary", type=Path, help="write the rows as a fixture")
    arguments = parser.parse_args()
    rows = read(arguments.output)
    done = {(row["library"], row["model"]) for row in rows}
    signal.signal(signal.SIGALRM, _out_of_time)
    warnings.simplefilter("ignore")
    gc.freeze()  # so that what the libraries hold is not walked for each network
    with arguments.output.open("a", encoding="utf-8") as output:
        for network in networks():
            if network in done or (arguments.models and network.model not in arguments.models):
                continue
            row = measured(network)
            rows.append(row)
            print(json.dumps(row), file=output, flush=True)
    if arguments.summary:
        arguments.summary.write_text(fixture(rows), encoding="utf-8")
    return report(rows)


def networks() -> Iterator[Network]:
    """Every builder of torchvision, then every architecture of timm."""
    yield from (Network("torchvision", name) for name in torchvision.models.list_models())
    yield from (Network("timm", name) for name in timm.list_models())


def measured(network: Network) -> Row:
    """What costcalc reads, beside what the network itself and FlopCounterMode say."""
    row: Row = {"library": network.library, "model": network.model}
    started = time.monotonic()
    signal.alarm(SECONDS)
    try:
        module, input = built(network)
        row["input"] = list(input)
        row |= judged(module, input)
        row |= imported(module, input)
        row["reason"] = reason(row)
    except CostcalcError as error:
        row["reason"] = error.problems[0].message
    except Exception as error:
        row["reason"] = f"the network itself: {type(error).__name__}: {error}"[:300]
    finally:
        signal.alarm(0)
        gc.collect()
    return {**row, "seconds": round(time.monotonic() - started, 2)}


def built(network: Network) -> tuple[nn.Module, tuple[int, ...]]:
    """The network on the meta device, and its own input size."""
    if network.library == "timm":
        with torch.device("meta"):
            module = timm.create_model(network.model, pretrained=False)
        return module.eval(), tuple(module.pretrained_cfg["input_size"])
    input: tuple[int, ...] = IMAGE
    if torchvision.models.get_model_builder(network.model).__module__.startswith(
        "torchvision.models.video"
    ):
        input = (3, 16, 224, 224)
    options = {"weights": None} | ({"weights_backbone": None} if _has_backbone(network) else {})
    return torchvision.models.get_model(network.model, **options).eval(), input


def _has_backbone(network: Network) -> bool:
    builder = torchvision.models.get_model_builder(network.model)
    return builder.__module__.split(".")[2] in ("detection", "segmentation")


def judged(module: nn.Module, input: tuple[int, ...]) -> Row:
    """The network's own params, and the mult-adds of a pass of a copy on the meta device."""
    from costcalc.importers.torch.forward.copies import on_meta

    copy = on_meta(module).eval()
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        copy(torch.empty(1, *input))
    operations = counter.get_flop_counts().get("Global", {})
    products = sum(flops for operation, flops in operations.items() if "bmm" in str(operation))
    return {
        "params": sum(prod(each.shape) for each in module.parameters()),
        "macs": counter.get_total_flops() // 2,
        "product_macs": products // 2,
        "convolutions": sum(isinstance(each, _ConvNd) for each in module.modules()),
    }


def imported(module: nn.Module, input: tuple[int, ...]) -> Row:
    """The same as costcalc counts them over all layers."""
    layers = expand(document(trace(module, input)), {}).layers
    own = [layer.events() for layer in layers if layer.shares is None]
    return {
        "imported_params": sum(getattr(events, name) for events in own for name in PARAMS),
        "imported_macs": sum(layer.events().macs for layer in layers),
        "layers": len(layers),
    }


def reason(row: Row) -> str:
    """Why the network does not agree; nothing where it does."""
    found = [
        f"{name}: {row[f'imported_{name}']} imported, {row[name]} in the network"
        for name in ("params", "macs")
        if row[f"imported_{name}"] != row[name]
    ]
    return "; ".join(found)


def sort(row: Row) -> str:
    """What a network's mult-adds are: of convolutions and linear layers alone, or of products too.

    A hybrid has products of activations, and convolutions beside the one that cuts patches.
    """
    if not row.get("product_macs"):
        return "convolutions and linear layers alone"
    return "hybrids" if row["convolutions"] > 1 else "others"


def report(rows: Sequence[Row]) -> int:
    """Prints how many agree, by library and by sort, and which do not."""
    for library in LIBRARIES:
        of = [row for row in rows if row["library"] == library]
        if not of:
            continue
        print(f"{library} {version(library)}: {_share(of)}")
        for each in sorted({sort(row) for row in of}):
            print(f"  {each}: {_share([row for row in of if sort(row) == each])}")
    failed = [row for row in rows if row["reason"]]
    for row in failed:
        print(f"{row['library']} {row['model']}: {row['reason']}")
    return 1 if failed else 0


def _share(rows: Sequence[Row]) -> str:
    agree = sum(not row["reason"] for row in rows)
    return f"{agree} of {len(rows)} agree"


def read(path: Path) -> list[Row]:
    """The rows of an earlier run."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def fixture(rows: Sequence[Row]) -> str:
    """The rows as they are kept, one line for each, without what differs from run to run."""
    versions = {name: version(name) for name in ("torch", *LIBRARIES)}
    kept = ("library", "model", "input", "params", "macs", "product_macs", "convolutions", "reason")
    lines = [
        json.dumps({name: row[name] for name in kept if row.get(name) not in (None, "")})
        for row in sorted(rows, key=lambda row: (row["library"], row["model"]))
    ]
    body = ",\n".join(lines)
    return f'{{"versions": {json.dumps(versions)},\n"networks": [\n{body}\n]}}\n'


def _out_of_time(signal: int, frame: Any) -> None:
    raise OutOfTimeError(f"more than {SECONDS} seconds")


if __name__ == "__main__":
    sys.exit(main())
