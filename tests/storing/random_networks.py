"""Random specs for schedules: branches, joins, views, stored tensors, several outputs."""

from random import Random

SIDE, CHANNELS = 6, 4


def random_spec(random: Random, most: int = 12) -> str:
    """Layers of many kinds, each of which reads earlier ones of a fitting shape."""
    lines = ["name: random", f"input: [{CHANNELS}, {SIDE}, {SIDE}]", "layers:"]
    shapes = {"input": (CHANNELS, SIDE, SIDE)}
    for number in range(random.randint(2, most)):
        name = f"l{number}"
        source = random.choice(list(shapes))
        channels, height, _ = shape = shapes[source]
        kind = random.choice(
            ["conv", "depthwise", "relu", "pool", "add", "mul", "concat", "norm", "dropout", "same"]
        )
        equal = [other for other in shapes if shapes[other] == shape]
        joined = [other for other in shapes if shapes[other][1:] == shape[1:]]
        if kind == "conv":
            out = random.choice([2, 4, 8])
            body = f"conv: {{out: {out}, kernel: 3, from: {source}, name: {name}}}"
            shape = (out, height, height)
        elif kind == "depthwise":
            body = f"depthwise: {{kernel: 3, from: {source}, name: {name}}}"
        elif kind == "pool" and height > 1:
            body = f"max_pool: {{kernel: 2, stride: 2, from: {source}, name: {name}}}"
            shape = (channels, height // 2, height // 2)
        elif kind in ("add", "mul") and len(equal) > 1:
            two = ", ".join(random.sample(equal, 2))
            body = f"{kind}: {{from: [{two}], name: {name}}}"
        elif kind == "concat" and len(joined) > 1:
            some = random.sample(joined, min(len(joined), random.randint(2, 3)))
            body = f"concat: {{from: [{', '.join(some)}], name: {name}}}"
            shape = (sum(shapes[other][0] for other in some), *shape[1:])
        elif kind == "same":
            # A stored tensor, which may stay unused.
            body = f"learned: {{shape: [{channels}, {height}, {height}], name: {name}}}"
        else:
            what = {"norm": "batch_norm", "dropout": "dropout"}.get(kind, "relu")
            body = f"{what}: {{from: {source}, name: {name}}}"
        lines.append(f"  - {body}")
        shapes[name] = shape
    return "\n".join(lines) + "\n"
