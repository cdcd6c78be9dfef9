"""Python names for the names in a spec, which may be any text."""

from __future__ import annotations

import keyword
import re

_WORDS_OF_MODULES = """
T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double
dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule
half ipu load_state_dict modules mtia named_buffers named_children named_modules named_parameters
parameters register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook
register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule share_memory state_dict
to to_empty train training type xpu zero_grad
"""
_MODULE = frozenset(_WORDS_OF_MODULES.split())
"""Attributes of ``nn.Module``, whose names layers must not take."""

_GLOBAL = frozenset({"F", "nn", "torch", "self", "super", "range", "x"})
"""Names that generated code uses; ``x`` is the input of a module."""


def variable(name: str, prefix: str) -> str:
    """The name of a variable or a parameter.

    >>> variable("1x1", "n"), variable("lambda", "n"), variable("a.b-c", "n")
    ('n_1x1', 'lambda_', 'a_b_c')
    """
    word = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
    if not word or word[0].isdigit():
        word = f"{prefix}_{word}".strip("_")
    return f"{word}_" if keyword.iskeyword(word) or word in _GLOBAL else word


def attribute(name: str, prefix: str = "layer") -> str:
    """The name of a module inside another.

    >>> attribute("1x1", "branch"), attribute("type"), attribute("dw")
    ('branch_1x1', 'type_', 'dw')
    """
    word = variable(name, prefix)
    return f"{word}_" if word in _MODULE else word


def class_name(title: str) -> str:
    """The name of a class, from the words of a title outside parentheses.

    >>> class_name("ShuffleNet V2 1.5x (g = 3)"), class_name("dense_layer"), class_name("1x1")
    ('ShuffleNetV2_1_5x', 'DenseLayer', 'Net1x1')
    """
    words = re.findall(r"[A-Za-z0-9]+", re.sub(r"\([^()]*\)", " ", title))
    name = ""
    for word in words:
        joint = "_" if name[-1:].isdigit() and word[0].isdigit() else ""
        name += joint + word[0].upper() + word[1:]
    if not name or name[0].isdigit():
        name = f"Net{name}"
    return f"{name}_" if keyword.iskeyword(name) or name in _GLOBAL else name
