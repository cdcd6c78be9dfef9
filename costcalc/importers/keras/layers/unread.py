"""Keras' layers that costcalc does not read, and why."""

from __future__ import annotations

from collections.abc import Mapping

_CODE = "its work is code that the file does not contain"
_WORDS = "it looks up words or numbers in a table, which is no arithmetic on tensors"
_PIXELS = "it changes images by their own pixels, before the network"

LAMBDA = "Lambda"

REASONS: Mapping[str, str] = {
    LAMBDA: _CODE,
    "TorchModuleWrapper": f"{_CODE}: read its module by itself, torch:package.module:name",
    "JaxLayer": _CODE,
    "FlaxLayer": _CODE,
    "TFSMLayer": f"{_CODE}: its SavedModel",
    "Layer": "it is the base of other layers",
    "Wrapper": "it is the base of other layers",
    "StringLookup": _WORDS,
    "IntegerLookup": _WORDS,
    "TextVectorization": _WORDS,
    "Hashing": _WORDS,
    "HashedCrossing": _WORDS,
    "Discretization": _WORDS,
    "CategoryEncoding": _WORDS,
    "AutoContrast": _PIXELS,
    "ContrastLimitedAdaptiveHistogramEqualization": _PIXELS,
    "Pipeline": "it runs preprocessing layers before the network",
}
"""By class; a class that stands neither here nor among the rules is not one of Keras 3.15."""

OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "Keras 3.15 states an output with too many axes": ("AdaptiveAveragePool", "AdaptiveMaxPool"),
    "its function is code that the file does not contain": (
        "AssociativeScan", "Cond", "ForiLoop", "JVP", "Map", "Scan", "Switch", "VectorizedMap",
        "WhileLoop",
    ),
    "it takes a matrix apart": (
        "Cholesky", "CholeskyInverse", "Det", "Eig", "Eigh", "Inv", "Logdet", "Lstsq", "LuFactor",
        "MatrixRank", "Pinv", "Qr", "SVD", "Slogdet", "Solve", "SolveTriangular",
    ),
    "it is a loss, or a measure of a result": (
        "AllClose", "BinaryCrossentropy", "CTCDecode", "CTCLoss", "CategoricalCrossentropy",
        "InTopK", "PSNR", "SSIM", "SparseCategoricalCrossentropy",
    ),
    "it changes images before the network": (
        "AffineTransform", "CropImages", "ElasticTransform", "ExtractPatches", "GaussianBlur",
        "HSVToRGB", "MapCoordinates", "PadImages", "PerspectiveTransform", "RGBToGrayscale",
        "RGBToHSV", "ScaleAndTranslate", "SobelEdges",
    ),
    "it takes the batch apart": (
        "Append", "ArraySplit", "Dot", "Dsplit", "Dstack", "Flipud", "Hsplit", "Inner", "Kron",
        "Outer", "Ravel", "Rearrange", "Rot90", "Tensordot", "Vdot", "View", "Vsplit", "Vstack",
    ),
    "its shape depends on values": (
        "Bincount", "Histogram", "MultiHot", "Nonzero", "Unique",
    ),
    "it reads no tensor of the network": (
        "Arange", "Array", "Full", "Geomspace", "Linspace", "Logspace", "Meshgrid", "Ndim",
        "Size", "UnravelIndex", "Vander",
    ),
    "its result is complex, or it reads complex numbers": (
        "Conj", "Conjugate", "FFT", "FFT2", "IFFT2", "IRFFT", "ISTFT", "Imag", "Isreal", "Polar",
        "Real", "STFT", "ViewAsComplex", "ViewAsReal",
    ),
    "its kernel is a tensor of the call": (
        "BatchNorm", "Conv", "ConvTranspose", "DepthwiseConv", "LayerNorm", "RMSNorm",
        "SeparableConv",
    ),
    "it writes some elements of another tensor, or adds up groups of them": (
        "Fold", "Scatter", "ScatterUpdate", "SegmentMax", "SegmentMin", "SegmentProd",
        "SegmentReduction", "SegmentSum", "SliceUpdate",
    ),
    "it is not computed element by element, nor by products": (
        "Argpartition", "CDist", "Corrcoef", "Correlate", "Cross", "Diag", "Diagflat", "Diagonal",
        "Digitize", "ExtractSequences", "Gcd", "HardShrink", "IsIn", "Lcm", "Ldexp", "Median",
        "Nancumprod", "Nancumsum", "Nanmedian", "Nanpercentile", "Nanquantile", "Nanstd",
        "Percentile", "Quantile", "SearchSorted", "Select", "SparsePlus", "SparseSigmoid",
        "Sparsemax", "Squareplus", "Threshold", "Trace", "Trapezoid", "Unfold",
    ),
}  # fmt: skip
"""The operations of ``keras.ops`` that are not read, by the reason."""


def why_unread(name: str, is_operation: bool) -> str:
    """Why a layer or an operation of Keras is not read; empty if it is not one of these."""
    if ">" in name:
        return f"it is none of Keras' own, and {_CODE}"
    if not is_operation:
        return REASONS.get(name, "")
    found = (reason for reason, names in OPERATIONS.items() if name in names)
    return next(found, "")
