"""Files whose arenas depend upon more than a chain of operators, with the bytes of each.

The bytes are what tflite-micro reports, which tests/frameworks asks again.
"""

import struct

from costcalc.formats.tflite_schema import BufferTable, MetadataTable
from tests.importers.tflite.models import Net

MAP = (1, 8, 8, 16)


def choice() -> Net:
    """Two graphs with scratch of their own, one of which runs."""
    net = Net(3)
    condition, image = net.tensor((1,), "BOOL"), net.tensor(MAP, "INT8")
    x, y, z = net.tensor(MAP, "INT8"), *(net.tensor((1, 16), "INT8") for _ in range(2))
    net.operator("RELU", [image], [x])
    net.operator("IF", [condition, x], [y], **{"then": 1, "else": 2})
    net.operator("RELU", [y], [z])
    net.ends([image, condition], [z])
    for graph, operator in ((1, "MEAN"), (2, "REDUCE_MAX")):
        a, b = (net.tensor(MAP, "INT8", graph=graph) for _ in range(2))
        c = net.tensor((1, 16), "INT8", graph=graph)
        axes = net.tensor((2,), "INT32", [1, 2], graph=graph)
        net.operator("RELU", [a], [b], graph=graph)
        net.operator(operator, [b, axes], [c], graph=graph)
        net.ends([a], [c], graph)
    return net


def loop() -> Net:
    """A graph that decides, and one that counts."""
    net = Net(3)
    x, y = (net.tensor((1,), "INT32") for _ in range(2))
    net.operator("WHILE", [x], [y], cond=1, body=2)
    net.ends([x], [y])
    for graph, operator, number, type_ in ((1, "LESS", 10, "BOOL"), (2, "ADD", 1, "INT32")):
        a, b = net.tensor((1,), "INT32", graph=graph), net.tensor((1,), type_, graph=graph)
        constant = net.tensor((1,), "INT32", [number], graph=graph)
        net.operator(operator, [a, constant], [b], graph=graph)
        net.ends([a], [b], graph)
    return net


def unused() -> Net:
    """Tensors that nothing computes or reads, and an input that no operator reads."""
    net = Net()
    x, other, y = (net.tensor((1, size), "INT8") for size in (64, 200, 64))
    for size in (500, 300):
        net.tensor((1, size), "INT8")
    net.operator("RELU", [x], [y])
    net.ends([x, other], [y])
    return net


def idle_input() -> Net:
    """A large input that no operator reads."""
    net = Net()
    x, other, y = (net.tensor((1, size), "INT8") for size in (64, 2000, 64))
    net.operator("RELU", [x], [y])
    net.ends([x, other], [y])
    return net


def early_output() -> Net:
    """An output that others read as well."""
    net = Net()
    w, x, y, z = (net.tensor((1, 640), "INT8") for _ in range(4))
    for read, written in ((w, x), (x, y), (y, z)):
        net.operator("RELU", [read], [written])
    net.ends([w], [x, z])
    return net


def offline(*offsets: int) -> Net:
    """A chain of three tensors at addresses of its own; -1 is left to the planner."""
    net = Net()
    x, y, z = (net.tensor((1, 64), "INT8") for _ in range(3))
    net.operator("RELU", [x], [y])
    net.operator("RELU", [y], [z])
    net.ends([x], [z])
    data = struct.pack(f"<{3 + len(offsets)}i", 1, 0, len(offsets), *offsets)
    net.metadata.append(MetadataTable("OfflineMemoryAllocation", len(net.buffers)))
    net.buffers.append(BufferTable(data))
    return net


ARENAS = {
    # At the second branch: the condition, x and y around it, and its own two maps.
    "choice": (choice, 16 + 1024 + 16 + 1024 + 1024),
    # A number around it twice, and a number and a result inside; each takes 16.
    "loop": (loop, 4 * 16),
    # What nothing uses is placed as if it were alive together: 512 + 304.
    "unused": (unused, 816),
    # It is alive with the other input, before the first operator.
    "idle input": (idle_input, 2000 + 64),
    # The first output, and the two tensors of the second step and of the third.
    "early output": (early_output, 3 * 640),
    "offline": (lambda: offline(0, 128, -1), 128 + 64),
    "offline, with a gap": (lambda: offline(256, 0, 512), 512 + 64),
    "offline, all free": (lambda: offline(-1, -1, -1), 2 * 64),
    "offline, in one place": (lambda: offline(0, 0, 0), 64),
}
"""By name: what makes the file, and the bytes of its arena."""
