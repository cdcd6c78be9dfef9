"""Crops: by amounts, to a size, and to the size of another map."""

from pathlib import Path

import pytest

import costcalc
from costcalc.kinds import KINDS
from costcalc.kinds.base import ShapeError
from costcalc.kinds.reshaping import Crop
from tests.kinds.oracles import check


@pytest.mark.parametrize("cropping", [1, (1, 2), ((0, 3), (2, 0)), (0, 0)])
def test_by_amounts(cropping):
    check("crop", (3, 9, 8), cropping=cropping)


@pytest.mark.parametrize("offset", [None, 0, 1, (3, 0)])
@pytest.mark.parametrize("size", [5, (4, 6), (1, 7)])
def test_to_a_size(size, offset):
    check("crop", (3, 9, 8), size=size, offset=offset)


@pytest.mark.parametrize(
    ("map_", "like", "ends"),
    [
        # U-Net, figure 1: what is left of 64, 136, 280 and 568.
        ((512, 64, 64), (512, 56, 56), ((4, 60), (4, 60))),
        ((256, 136, 136), (256, 104, 104), ((16, 120), (16, 120))),
        ((128, 280, 280), (128, 200, 200), ((40, 240), (40, 240))),
        ((64, 568, 568), (64, 392, 392), ((88, 480), (88, 480))),
        # One more is left out behind the part than before it.
        ((4, 10), (9, 7), ((1, 8),)),
    ],
)
def test_to_another_map(map_, like, ends):
    crop = Crop()
    assert crop.ends((map_, like)) == ends
    assert crop.output_shape((map_, like)) == (map_[0], *like[1:])


@pytest.mark.parametrize(
    ("crop", "shapes", "message"),
    [
        (Crop(), ((3, 8, 8),), "takes a cropping, a size or a second input"),
        (Crop(1, 4), ((3, 8, 8),), "takes a cropping, a size or a second input"),
        (Crop(1), ((3, 8, 8), (3, 4, 4)), "takes a cropping, a size or a second input"),
        (Crop(1, offset=2), ((3, 8, 8),), "takes a cropping, a size or a second input"),
        (Crop("same"), ((3, 8, 8),), "'same' is not a cropping"),
        (Crop(4), ((3, 8, 8),), "places 4 to 4 are not a part of 8"),
        (Crop(size=9), ((3, 8, 8),), "are not a part of 8"),
        (Crop(size=4, offset=5), ((3, 8, 8),), "places 5 to 9 are not a part of 8"),
        (Crop((1, 2, 3)), ((3, 8, 8),), "3"),
        (Crop(), ((3, 8, 8), (3, 8)), "as many axes"),
        (Crop(), ((3, 8, 8), (3,)), "at least one spatial axis"),
        (Crop(1), ((3,),), "at least one spatial axis"),
    ],
)
def test_refusals(crop, shapes, message):
    with pytest.raises(ShapeError, match=message):
        crop.output_shape(shapes)


def test_the_part_follows_the_resolution(tmp_path: Path):
    path = tmp_path / "net.yaml"
    path.write_text(
        "input: [1, 32, 32]\nlayers:\n"
        "  - conv: {name: wide, out: 4, kernel: 3, padding: valid}\n"
        "  - conv: {name: small, out: 8, kernel: 5, padding: valid}\n"
        "  - crop: {from: [wide, small]}\n"
        "  - concat: {from: [crop, small]}\n".replace("[crop,", "[part,").replace(
            "crop: {from", "crop: {name: part, from"
        )
    )
    # 32 - 2 = 30 to 30 - 4 = 26; 20 - 2 = 18 to 14.
    for res, side in ((32, 26), (20, 14)):
        report = costcalc.report(str(path), res=res)
        assert report.layers[2].output == (4, side, side)
        assert report.layers[3].output == (12, side, side)
    rows = costcalc.sweep(str(path), res=[32, 20]).rows()
    assert [row.mult_adds for row in rows] == [
        costcalc.report(str(path), res=res).totals.mult_adds for res in (32, 20)
    ]


def test_other_names():
    assert KINDS["center_crop"] is KINDS["cropping"] is KINDS["crop"]
