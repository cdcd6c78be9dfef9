"""``costcalc.from_torch``: a module in a script is a network like any other."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import costcalc


class Twice(nn.Module):
    """One convolution used twice, a function, an operator and a classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.shared = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.classifier = nn.Linear(8, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.stem(x))
        y = self.shared(self.shared(y)) + y
        return self.classifier(y.mean((2, 3)))


def test_a_module_is_reported():
    report = costcalc.from_torch(Twice(), (3, 16, 16)).report(convention="torch", unit="macs")
    # 3*3*3*8 + 8 = 224, 3*3*8*8 = 576 once, 8*10 + 10 = 90
    assert report.totals.params == 224 + 576 + 90
    # (3*3*3*8 + 2 * 3*3*8*8) * 16*16 + 8*10
    assert report.totals.mult_adds == (216 + 2 * 576) * 256 + 80


def test_a_module_takes_widths_and_resolutions():
    network = costcalc.from_torch(Twice(), (3, 16, 16))
    assert network.report(alpha=0.5).totals.params == 27 * 4 + 9 * 4 * 4 + 4 * 10
    assert network.report(res=32).totals.mult_adds == (216 + 2 * 576) * 1024 + 80
    rows = costcalc.sweep(network, "mobilenet_v1", res=[32, 64]).rows()
    assert [row.mult_adds for row in rows][:2] == [1368 * 1024 + 80, 1368 * 4096 + 80]


@pytest.mark.parametrize(
    "input", [(3, 16, 16), [3, 16, 16], "3x16x16", {"input": (3, 16, 16)}], ids=repr
)
def test_a_module_is_read_at_its_input_whatever_is_asked(input):
    # 3*3*3*8 * 14*14
    expected = 216 * 196
    module = nn.Sequential(nn.Conv2d(3, 8, 3))
    assert costcalc.report(module, input=input).totals.mult_adds == expected
    rows = costcalc.sweep(module, input=input, alpha=[0.5, 1]).rows()
    assert [row.mult_adds for row in rows] == [expected // 2, expected]
    assert f"{expected:,}" in costcalc.page(module, input=input).html


def test_a_module_is_read_at_one_input():
    for asked in (costcalc.sweep, costcalc.page):
        with pytest.raises(costcalc.SpecError, match="input cannot be"):
            asked(nn.Sequential(nn.Conv2d(3, 8, 3)), input=[(3, 16, 16), (3, 32, 32)])


def test_a_module_stays_as_it_is():
    module = Twice().train()
    before = {name: (value.device, value.data_ptr()) for name, value in module.named_parameters()}
    costcalc.from_torch(module, (3, 16, 16))
    assert module.training
    after = {name: (value.device, value.data_ptr()) for name, value in module.named_parameters()}
    assert after == before


def test_an_input_that_does_not_fit_is_said():
    with pytest.raises(costcalc.SpecError, match="stem"):
        costcalc.from_torch(Twice(), (4, 16, 16))


def test_a_module_is_written_as_a_spec(tmp_path):
    network = costcalc.from_torch(Twice(), (3, 16, 16))
    spec = tmp_path / "twice.yaml"
    spec.write_text(costcalc.to_spec(network), encoding="utf-8")
    assert costcalc.report(str(spec)).totals == network.report().totals


def test_every_question_takes_a_module():
    module = Twice()
    expected = costcalc.from_torch(module, (3, 224, 224)).totals()
    assert costcalc.report(module).totals == expected
    assert costcalc.totals(module, input=(3, 224, 224)) == expected
    assert costcalc.load(module, input=(3, 16, 16)).totals().mult_adds == 1368 * 256 + 80
    assert costcalc.compare(module, "mobilenet_v1").baseline.label == "Twice"
    assert costcalc.reconcile(module, "paper", "torch").counts[0].params == expected.params


def test_the_closed_form_of_a_module_is_in_alpha():
    form = costcalc.formula(costcalc.from_torch(Twice(), (3, 16, 16)))
    assert form.totals["params"].value == 216 + 576 + 80
    assert [name.text for name in form.names] == ["α"]


def test_a_tensor_and_a_class_are_no_networks():
    with pytest.raises(costcalc.CostcalcError, match="Tensor is not a network"):
        costcalc.report(torch.zeros(1, 3, 8, 8))
    with pytest.raises(costcalc.CostcalcError, match="Twice is a class") as error:
        costcalc.report(Twice)
    assert "Twice(...)" in str(error.value)


@pytest.mark.parametrize("input", [7, None, "3,8,8", (), (3, 0, 8), (3, 8.5, 8), [[3, 8, 8]]])
def test_what_is_no_shape_is_said_in_terms_of_python(input):
    with pytest.raises(costcalc.CostcalcError, match="the input of a module is a shape") as error:
        costcalc.from_torch(Twice(), input)
    assert "without the batch: (3, 224, 224)" in str(error.value)


def test_a_shape_with_the_batch_is_told_apart():
    with pytest.raises(costcalc.CostcalcError) as error:
        costcalc.from_torch(Twice(), (1, 3, 16, 16))
    assert "input=(3, 16, 16), without the batch" in str(error.value)


class Reader(nn.Module):
    """Reads words, each by its number."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.layer = nn.Embedding(9, 4), nn.Linear(4, 4)

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        batch, words = input_ids.shape
        return self.layer(self.words(input_ids)).reshape(batch, words, 4)


def test_a_module_that_reads_words_is_shown_how():
    with pytest.raises(costcalc.CostcalcError) as error:
        costcalc.from_torch(Reader())
    assert "input=(128,), as many tokens, without the batch" in str(error.value)
    assert costcalc.from_torch(Reader(), (128,)).totals().mult_adds == 128 * 16
    assert "--" not in str(error.value)


def test_a_tensor_stands_for_its_shape():
    expected = costcalc.from_torch(Twice(), [3, 16, 16]).totals()
    assert costcalc.from_torch(Twice(), torch.zeros(4, 3, 16, 16)).totals() == expected
