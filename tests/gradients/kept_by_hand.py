"""What the example of each layer kind keeps in 32 bits, worked out by hand.

An example reads a map of 4 x 9 x 8 = 288 elements, in 72 positions, or tensors of 100
elements: 1152 or 400 bytes.  A bit for each of 100 elements is 13 bytes.
"""

KEPT = {
    # kind: what PyTorch keeps, the least
    "conv": (1152, 1152),
    "depthwise": (1152, 1152),
    "pointwise": (1152, 1152),
    "transposed_conv": (1152, 1152),
    "transposed_depthwise": (1152, 1152),
    "fc": (1152, 1152),
    "embedding": (2304, 288),  # 288 ids in 8 bytes; of 5 rows, in 1
    "matmul": (216, 216),  # 4 * (2*5*3 + 2*3*4)
    # Queries 30, keys 24, values 48, probabilities 2*5*4 = 40.
    "attention": (568, 568),
    "lstm": (160, 160),  # 4 * (10 + 6*5)
    "max_pool": (1536, 48),  # 1152 + 8 * 4*4*3; 9 places are numbered by a byte
    "avg_pool": (1152, 0),
    "adaptive_max_pool": (1536, 48),  # 1152 + 8 * 4*3*4
    "adaptive_avg_pool": (1152, 0),
    "global_max_pool": (1168, 4),  # 1152 + 4 * 4; 72 places are numbered by a byte
    "global_avg_pool": (0, 0),
    "batch_norm": (1184, 1184),  # 1152 + 4 * 2*4
    "layer_norm": (1728, 1728),  # 1152 + 4 * 2*72
    "rms_norm": (2592, 1440),  # 1152 + 4*72, and 1152 normalised
    "group_norm": (1168, 1168),  # 1152 + 4 * 2*2
    "instance_norm": (1184, 1184),  # 1152 + 4 * 2*4
    # 1152, then 4*72 * (4 + 4 squares with zeros around, 4 sums, 4 powers); 1152 and sums.
    "lrn": (5760, 2304),
    "relu": (400, 13),
    "relu6": (400, 13),
    "leaky_relu": (400, 13),
    "prelu": (1152, 1152),
    "sigmoid": (400, 400),
    "tanh": (400, 400),
    "h_sigmoid": (400, 13),
    "swish": (400, 400),
    "h_swish": (400, 400),
    "gelu": (400, 400),
    "gelu_tanh": (400, 400),
    "quick_gelu": (800, 400),
    "elu": (400, 400),
    "selu": (400, 400),
    "celu": (400, 400),
    "mish": (400, 400),
    "softplus": (400, 400),
    "softsign": (800, 400),
    "log_sigmoid": (800, 400),
    "hard_tanh": (400, 13),
    "softmax": (1152, 1152),
    "log_softmax": (1152, 1152),
    "add": (0, 0),
    "subtract": (0, 0),
    "multiply": (800, 800),
    "divide": (800, 800),
    "minimum": (800, 13),
    "maximum": (800, 13),
    "power": (1200, 1200),
    "compare": (0, 0),
    "where": (100, 13),  # whether, in a byte
    "complement": (0, 0),
    "scale": (0, 0),
    "shift": (0, 0),
    "clip": (400, 13),
    "exp": (400, 400),
    "log": (400, 400),
    "sqrt": (400, 400),
    "rsqrt": (400, 400),
    "reciprocal": (400, 400),
    "erf": (400, 400),
    "sin": (400, 400),
    "cos": (400, 400),
    "abs": (400, 13),
    "neg": (0, 0),
    "square": (400, 400),
    "floor": (0, 0),
    "ceil": (0, 0),
    "round": (0, 0),
    "sign": (0, 0),
    "logical_not": (0, 0),
    "mean": (0, 0),
    "sum": (0, 0),
    "reduce_max": (1296, 36),  # 4 * (288 + 36); a byte for each of 36
    "reduce_min": (1296, 36),
    "argmax": (0, 0),
    "product": (1296, 1296),
    "variance": (1152, 1152),
    "l2_norm": (1296, 1296),
    "concat": (0, 0),
    "split": (0, 0),
    "slice": (0, 0),
    "channel_shuffle": (0, 0),
    "flatten": (0, 0),
    "zero_pad": (0, 0),
    "crop": (0, 0),
    "pad_channels": (0, 0),
    "upsample": (0, 0),
    "grid_sample": (1272, 1272),  # 1152 + 4 * 5*3*2
    "roi_pool": (784, 280),  # boxes of 4 * 7*4, and 168 indices in 4 bytes or, of 72, in 1
    "top_k": (864, 108),  # 108 indices in 8 bytes; of 8, in 1
    "nms": (0, 0),
    "fft": (0, 0),
    "reshape": (0, 0),
    "transpose": (0, 0),
    "rearrange": (0, 0),
    "dropout": (1152, 36),  # noise in 32 bits; a bit for each of 288
    "identity": (0, 0),
    "learned": (0, 0),
    "constant": (0, 0),
    "input": (0, 0),
    "uncounted": (0, 0),
}
