"""The page on importers is up to date: .venv/bin/python tools/make_importers.py writes it."""

import runpy
from pathlib import Path

import pytest

pytestmark = pytest.mark.complete

ROOT = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(ROOT / "tools" / "make_importers.py"))


def test_the_table_of_importers_is_that_of_their_tables():
    page = (ROOT / "docs" / "importing.md").read_text(encoding="utf-8")
    is_written = SCRIPT["filled"]() == page
    assert is_written, "docs/importing.md: .venv/bin/python tools/make_importers.py"


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("LSTM", "recurrent layers"),
        ("RandomNormalLike", ""),
        ("ReversibleEmbedding", "embeddings"),
        ("com.microsoft.DynamicQuantizeLSTM", "recurrent layers"),
        ("scaled_dot_product_attention", "attention"),
        ("QLinearMatMul", "quantised layers"),
        ("RESIZE_BILINEAR", "resampling"),
        ("bilinear", "products along any axes"),
        ("cosine_embedding_loss", "losses"),
        ("ROIPooling", "boxes"),
        ("ops.Norm", "normalisations"),
        ("relu", ""),
    ],
)
def test_an_operation_stands_where_it_is_looked_for(name, topic):
    assert SCRIPT["topic_of"](name) == topic


def test_every_topic_is_read_from_some_framework():
    names = {name for names in SCRIPT["READ"].values() for name in names}
    assert {SCRIPT["topic_of"](name) for name in names} == {*SCRIPT["TOPICS"], ""}
