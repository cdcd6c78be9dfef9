"""Embeddings and attention; tokens stand in Keras' order meanwhile, (T, C)."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.graph.frame import Tensor
from costcalc.importers.building import LayerError, known
from costcalc.importers.keras.layers.convolution import linear
from costcalc.importers.keras.layout import PLAIN
from costcalc.importers.keras.site import Lower, Result, Site

_UNKNOWN = ("output_shape", "use_gate", "sliding_window")
"""Settings under which attention is another than the kind."""


def embedding(site: Site) -> Result:
    """``Embedding``: a row of a table for each number."""
    arguments = {"rows": site.config.whole("input_dim"), "out": site.config.whole("output_dim")}
    rows = site.add("embedding", (site.input,), arguments)
    return site.transpose(rows, PLAIN.to(site.layout, len(known(rows))))


def multi_head_attention(site: Site) -> Result:
    """``MultiHeadAttention``: queries, values and, where they are others, keys."""
    config = site.config
    if len(site.inputs) not in (2, 3) or any(config.raw(each) for each in _UNKNOWN):
        raise site.unknown()
    if config.raw("attention_axes") not in (None, [*range(1, site.rank)]):
        raise site.unknown()
    query, value = site.option("query", 0), site.option("value", 1)
    key = site.option("key", 2)
    if not isinstance(query, Tensor) or not isinstance(value, Tensor):
        raise LayerError("it reads queries and values", "two tensors, or three")
    key = key if isinstance(key, Tensor) else value
    heads, size = config.whole("num_heads"), config.whole("key_dim")
    has_value_size = config.raw("value_dim") is not None
    value_size = config.whole("value_dim") if has_value_size else size
    has_bias = config.flag("use_bias", True)
    sides = site.sides(query)
    if len(sides) < 2:
        raise LayerError("its queries are no tokens", "two axes or more", f"{len(sides)}")
    projected = [
        _heads(site, tensor, heads, each, has_bias, f"/{name}")
        for name, tensor, each in (
            ("query", query, size),
            ("key", key, size),
            ("value", value, value_size),
        )
    ]
    attended = site.add("attention", projected, part="/attention")
    merged = site.transpose(attended, (1, 0, 2), "/attention.transpose")
    flat = site.add("reshape", (merged,), {"shape": (-1, heads * value_size)}, "/attention.reshape")
    result = linear(site, flat, sides[-1], has_bias, "/output")
    if len(sides) > 2:
        site.builder.is_sized = True
        result = site.add("reshape", (result,), {"shape": sides}, "/output.reshape")
    return site.transpose(result, PLAIN.to(site.layout, len(sides)), "/output.transpose")


def _heads(site: Site, tensor: Tensor, heads: int, size: int, has_bias: bool, part: str) -> Tensor:
    """A projection of tokens, (heads, T, size)."""
    shape = known(tensor)
    tokens = site.transpose(tensor, site.layout.to(PLAIN, len(shape)), f"{part}.tokens")
    if len(shape) > 2:
        width = known(tokens)[-1]
        tokens = site.add("reshape", (tokens,), {"shape": (-1, width)}, f"{part}.positions")
    projected = linear(site, tokens, heads * size, has_bias, part)
    split = site.add("reshape", (projected,), {"shape": (-1, heads, size)}, f"{part}.heads")
    return site.transpose(split, (1, 0, 2), f"{part}.transpose")


TABLE: Mapping[str, Lower] = {
    "Embedding": embedding,
    "MultiHeadAttention": multi_head_attention,
}
