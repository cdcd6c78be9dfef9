"""Hugging Face's own classes as judges: small networks with random weights.

Params are the module's, mult-adds those of FlopCounterMode with attention in products of
matrices (``eager``).  Fused attention (``sdpa``) must cost the same: that counter has no
formula for it on a CPU.
"""

from __future__ import annotations

import os
from functools import cache

os.environ["HF_HUB_OFFLINE"] = "1"

import pytest
import torch
import transformers
from torch.utils.flop_counter import FlopCounterMode

import costcalc
from costcalc.graph.expand import expand

pytestmark = pytest.mark.filterwarnings("ignore")

D, HEADS, LAYERS, FEED, WORDS = 32, 4, 2, 48, 90
"""The width, the heads of 8 numbers, the layers, the inner width, the vocabulary."""

TOKENS = torch.zeros(1, 12, dtype=torch.int64)
SHORT = torch.zeros(1, 7, dtype=torch.int64)

COMMON = {"hidden_size": D, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS}
GROUPED = {**COMMON, "num_key_value_heads": 2, "intermediate_size": FEED, "vocab_size": WORDS}

NORM = 2 * D
"""A scale and a shift."""

NETWORKS = {
    "BertForSequenceClassification": (
        {**COMMON, "intermediate_size": FEED, "vocab_size": WORDS, "max_position_embeddings": 40},
        (TOKENS,),
        {"attention_mask": torch.ones(1, 12, dtype=torch.int64)},
        # Words, 40 positions and 2 types; norms and biases of two layers; the pooler and 2 classes.
        (WORDS + 40 + 2) * D + LAYERS * (4 * D * D + 2 * D * FEED) + D * D + 2 * D,
    ),
    "GPT2LMHeadModel": (
        {"n_embd": D, "n_layer": LAYERS, "n_head": HEADS, "n_positions": 40, "vocab_size": WORDS},
        (TOKENS,),
        {},
        # The head's weights are those of the words; the inner width is 4 * D.
        (WORDS + 40) * D + LAYERS * (4 * D * D + 2 * D * 4 * D),
    ),
    "T5ForConditionalGeneration": (
        {
            "d_model": D, "d_kv": 8, "d_ff": FEED, "num_layers": LAYERS, "num_heads": HEADS,
            "vocab_size": WORDS, "relative_attention_num_buckets": 16,
        },
        (),
        {"input_ids": TOKENS, "decoder_input_ids": SHORT},
        # Two layers here and two there, these with attention twice; biases by 16 distances.
        WORDS * D + LAYERS * (4 * D * D + 2 * D * FEED) + LAYERS * (8 * D * D + 2 * D * FEED)
        + 2 * 16 * HEADS,
    ),
    "LlamaForCausalLM": (
        GROUPED,
        (TOKENS,),
        {},
        # Keys and values of 2 heads; three products with the inner width; words twice.
        2 * WORDS * D + LAYERS * (2 * D * D + 2 * D * 16 + 3 * D * FEED),
    ),
    "ViTForImageClassification": (
        {**COMMON, "intermediate_size": FEED, "image_size": 24, "patch_size": 8, "num_labels": 5},
        (torch.zeros(1, 3, 24, 24),),
        {},
        # Patches of 8 x 8 x 3; tokens and positions serve as no weights.
        192 * D + LAYERS * (4 * D * D + 2 * D * FEED) + 5 * D,
    ),
    "WhisperForConditionalGeneration": (
        {
            "d_model": D, "encoder_layers": LAYERS, "decoder_layers": LAYERS,
            "encoder_attention_heads": HEADS, "decoder_attention_heads": HEADS,
            "encoder_ffn_dim": FEED, "decoder_ffn_dim": FEED, "num_mel_bins": 10,
            "max_source_positions": 12, "max_target_positions": 20, "vocab_size": WORDS,
            "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1,
        },
        (),
        {"input_features": torch.zeros(1, 10, 24), "decoder_input_ids": SHORT},
        # Two convolutions of 3; words, the head's too; the encoder looks its 12 positions up,
        # the decoder adds rows of a matrix, which serves as no weight.
        10 * 3 * D + 3 * D * D + WORDS * D + 12 * D
        + LAYERS * (4 * D * D + 2 * D * FEED) + LAYERS * (8 * D * D + 2 * D * FEED),
    ),
    "MixtralForCausalLM": (
        {**GROUPED, "num_local_experts": 6, "num_experts_per_tok": 2},
        (TOKENS,),
        {},
        2 * WORDS * D + LAYERS * (2 * D * D + 2 * D * 16 + 6 * D + 6 * 3 * D * FEED),
    ),
}  # fmt: skip
"""The arguments of each configuration, what is called on what, and the weights by hand."""


@cache
def module(name, attention="eager", experts="eager"):
    class_ = getattr(transformers, name)
    arguments = NETWORKS[name][0]
    if name == "MixtralForCausalLM":
        arguments = {**arguments, "experts_implementation": experts}
    return class_(class_.config_class(**arguments, attn_implementation=attention)).eval()


@cache
def counted(name):
    _, args, kwargs, _ = NETWORKS[name]
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(name)(*args, **kwargs)
    return counter.get_total_flops() // 2


def read(name, *how):
    _, args, kwargs, _ = NETWORKS[name]
    return costcalc.from_torch(module(name, *how), args=args, kwargs=kwargs)


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network(name, attention):
    network = read(name, attention)
    params = sum(parameter.numel() for parameter in module(name).parameters())
    assert network.totals(convention="torch", unit="macs") == (params, counted(name))
    assert network.totals() == (NETWORKS[name][-1], counted(name))


@pytest.mark.parametrize("experts", ["batched_mm", "grouped_mm"])
def test_experts_in_one_product(experts):
    name = "MixtralForCausalLM"
    network, eager = read(name, "eager", experts), read(name)
    assert network.totals(convention="torch", unit="macs") == eager.totals(
        convention="torch", unit="macs"
    )
    assert network.totals() == eager.totals()


def test_fused_attention_by_hand():
    network = read("BertForSequenceClassification", "sdpa")
    layers = expand(network.document, network.settings).layers
    macs = [layer.events().macs for layer in layers if layer.kind.name == "attention"]
    # 12 queries by 12 keys of 8 numbers, and as many again for the values, for each head.
    assert macs == [2 * HEADS * 12 * 12 * 8] * LAYERS


IMAGE, WORD = 80, 7
"""The token that stands for a patch, and any other."""

FURTHER = {
    # Checks that there are as many tokens of an image as patches, and puts these in their place.
    "LlavaForConditionalGeneration": (
        lambda: {
            "vision_config": transformers.CLIPVisionConfig(
                **COMMON, intermediate_size=FEED, image_size=24, patch_size=8
            ),
            "text_config": transformers.LlamaConfig(**GROUPED),
            "image_token_index": IMAGE,
        },
        lambda: {
            "input_ids": torch.tensor([[IMAGE] * 9 + [WORD] * 5]),
            "pixel_values": torch.zeros(1, 3, 24, 24),
        },
    ),
    # Solves triangular systems; experts beside one that all tokens share.
    "Qwen3NextForCausalLM": (
        lambda: {
            **GROUPED, "head_dim": 8, "num_experts": 4, "num_experts_per_tok": 2,
            "moe_intermediate_size": 16, "shared_expert_intermediate_size": 16,
            "layer_types": ["linear_attention", "full_attention"],
            "linear_num_key_heads": 2, "linear_num_value_heads": 4,
            "linear_key_head_dim": 8, "linear_value_head_dim": 8,
        },
        lambda: {"input_ids": TOKENS},
    ),
    # Keys and values of few numbers; experts in groups.
    "DeepseekV3ForCausalLM": (
        lambda: {
            **GROUPED, "num_key_value_heads": 4, "kv_lora_rank": 16, "q_lora_rank": 16,
            "qk_rope_head_dim": 8, "qk_nope_head_dim": 8, "v_head_dim": 8, "n_routed_experts": 8,
            "num_experts_per_tok": 2, "moe_intermediate_size": 16, "first_k_dense_replace": 1,
            "n_group": 2, "topk_group": 1, "n_shared_experts": 1,
        },
        lambda: {"input_ids": TOKENS},
    ),
    # Its code keeps the places of patches between calls.
    "DINOv3ViTModel": (
        lambda: {**COMMON, "intermediate_size": FEED, "image_size": 24, "patch_size": 8},
        lambda: {"pixel_values": torch.zeros(1, 3, 24, 24)},
    ),
}  # fmt: skip
"""Further networks: the arguments of each configuration, and a call."""


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("name", FURTHER)
def test_a_further_network(name, attention):
    arguments, call = FURTHER[name]
    class_ = getattr(transformers, name)

    def of(attention):
        config = class_.config_class(**arguments(), attn_implementation=attention)
        config._experts_implementation = "eager"
        return class_(config).eval()

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        of("eager")(**call())
    module = of(attention)
    params = sum(parameter.numel() for parameter in module.parameters())
    totals = costcalc.from_torch(module, kwargs=call()).totals(convention="torch", unit="macs")
    assert totals == (params, counter.get_total_flops() // 2)
