"""Networks side by side: ratios, parts, and the causes of differences."""

import json
from fractions import Fraction

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.comparing.compare import (
    by_stage,
    by_type,
    cause_text,
    ratio_text,
    saved_by_stage,
    stage_text,
)
from costcalc.errors import SpecError
from costcalc.render.layout import page_lines


def run(*arguments):
    return CliRunner().invoke(main, ["compare", *arguments])


def rows(text, title, count):
    lines = text.splitlines()
    start = lines.index(title) + 3
    return [
        [cell.strip() for cell in line.split("  ") if cell.strip()]
        for line in lines[start:][:count]
    ]


def test_table_8_of_mobilenet():
    result = run("mobilenet_v1", "googlenet", "vgg16")
    assert rows(result.stdout, "Totals", 3) == [
        ["MobileNetV1", "70.6", "568.7", "4.21"],
        # 15470.3 / 568.7 = 27.2 and 138.34 / 4.21 = 32.9; the text prints 27 and 32.
        ["GoogLeNet", "69.8", "1582.7", "6.99", "2.78 × more", "1.66 × more"],
        ["VGG16", "71.5", "15470.3", "138.34", "27.2 × more", "32.9 × more"],
    ]


def test_table_9_of_mobilenet():
    result = run("mobilenet_v1@alpha=0.5,res=160", "squeezenet", "alexnet")
    table = rows(result.stdout, "Totals", 3)
    assert [row[:4] for row in table] == [
        ["MobileNetV1@alpha=0.5,res=160", "60.2", "76.5", "1.32"],
        ["SqueezeNet v1.0", "57.5", "832.7", "1.24"],
        ["AlexNet", "57.2", "724.4", "60.95"],
    ]
    # The text prints 9.4 times less computation and 45 times smaller than AlexNet.
    assert table[2][4:] == ["9.47 × more", "46.2 × more"]


def test_the_ratio_to_another_baseline():
    comparison = costcalc.compare("mobilenet_v1", "vgg16", baseline="vgg16")
    ratio = comparison.ratio(comparison.entries[0], "mult_adds")
    assert ratio == Fraction(568740352, 15470264320)
    assert ratio_text(ratio) == "27.2 × fewer"


def test_a_saving_is_attributed_to_the_layers_that_replace_others():
    comparison = costcalc.compare("mobilenet_v1@convolution=full", "mobilenet_v1")
    (cause,) = comparison.causes(comparison.entries[1], "mult_adds")
    assert (cause.fewer, cause.more) == (("Conv 3x3",), ("Conv 1x1", "Conv DW 3x3"))
    # 4867293184 - 568740352
    assert cause.saved == 4298552832
    assert cause_text(comparison, comparison.entries[1], "mult_adds") == (
        "MobileNetV1: of 4.30 G mult-adds saved, 100.00 % from Conv 3x3 → Conv 1x1 + Conv DW 3x3."
    )


def test_opposing_causes_are_given_as_amounts():
    comparison = costcalc.compare("mobilenet_v1@alpha=0.5,res=160", "squeezenet")
    # 1319648 - 1244448 = 75200: the classifier's 512000 less, convolutions 436800 more.
    assert cause_text(comparison, comparison.entries[1], "params") == (
        "SqueezeNet v1.0: of 75.2 K params saved, 512 K saved by Fully Connected, "
        "437 K added by Conv 1x1 + Conv DW 3x3 → Conv 3x3 + Conv 7x7."
    )


def test_a_saving_is_attributed_to_its_stages():
    comparison = costcalc.compare("mobilenet_v1@convolution=full", "mobilenet_v1")
    # At 14 * 14, 3x3 layers 256 → 512, and 512 → 512 five times, against 1x1 layers of these
    # widths, and 3x3 filters of one channel: 256 at stride 2, and 512 five times.
    full = 9 * (256 * 512 + 5 * 512 * 512) * 14 * 14
    separable = (256 * 512 + 5 * 512 * 512 + 9 * (256 + 5 * 512)) * 14 * 14
    assert saved_by_stage(comparison, comparison.entries[1], "mult_adds")[14, 14] == (
        full - separable
    )
    # (2543321088 - 287558656) / 4298552832 = 52.48 %. At 7 * 7, 512 → 1024 → 1024:
    # 8 * 1572864 * 49 - 9 * (512 + 1024) * 49 = 615885312, 14.33 %. At 28 * 28,
    # 128 → 256 → 256: 8 * 98304 * 784 - 9 * (128 + 256) * 784 = 613859328, 14.28 %.
    assert stage_text(comparison, comparison.entries[1]) == (
        "MobileNetV1: of 4.30 G mult-adds saved, "
        "52.48 % at 14 × 14, 14.33 % at 7 × 7, 14.28 % at 28 × 28."
    )


def test_opposing_stages_are_given_as_amounts(tmp_path):
    layer = "conv: {name: a, out: 1, kernel: 1}"
    pool = "max_pool: {kernel: 2}"
    for name, order in (("first", (layer, pool)), ("last", (pool, layer))):
        lines = "".join(f"  - {step}\n" for step in (*order, "conv: {name: b, out: 1, kernel: 1}"))
        (tmp_path / f"{name}.yaml").write_text(
            f"name: {name}\ninput: [1, res, res]\nparameters: {{res: 8}}\nlayers:\n{lines}"
        )
    comparison = costcalc.compare(*[str(tmp_path / f"{n}.yaml") for n in ("first", "last")])
    # 8 * 8 = 64 mult-adds less before the pool, 4 * 4 = 16 more behind it.
    assert stage_text(comparison, comparison.entries[1]) == (
        "last: of 48 mult-adds saved, 64 saved at 8 × 8, 16 added at 4 × 4."
    )


@pytest.mark.parametrize("network", ["mobilenet_v1", "googlenet", "mobilenet_v2"])
@pytest.mark.parametrize("parts", [by_type, by_stage])
@pytest.mark.parametrize("metric", ["mult_adds", "params"])
def test_parts_add_up_to_the_whole(network, parts, metric):
    report = costcalc.report(network)
    assert sum(parts(report, metric).values()) == getattr(report.totals, metric)


def test_stages_are_those_of_the_output_size():
    stages = by_stage(costcalc.report("mobilenet_v1"), "mult_adds")
    # The first convolution, 3*3*3*32 weights, the first depthwise one, 3*3*32, and the
    # first pointwise one, 32*64, each at 112*112 positions.
    assert stages[112, 112] == (864 + 288 + 2048) * 112 * 112
    # The classifier alone.
    assert stages[1, 1] == 1024000


def test_json():
    result = run("mobilenet_v1", "vgg16", "--format", "json")
    parsed = json.loads(result.stdout)
    assert (parsed["format_version"], parsed["baseline"]) == (1, "mobilenet_v1")
    first, second = parsed["networks"]
    assert first["ratio"] == {"params": 1.0, "mult_adds": 1.0}
    assert second["ratio"]["mult_adds"] == pytest.approx(15470264320 / 568740352, rel=1e-15)
    assert second["totals"] == {"params": 138344128, "mult_adds": 15470264320}
    assert "layers" not in second
    assert second["accuracy"]["top1"] == 71.5


def test_csv_has_exact_counts():
    result = run("mobilenet_v1", "vgg16", "--format", "csv")
    assert result.stdout.splitlines()[1] == "MobileNetV1,70.6,568740352,4209088,1.0,1.0"


def test_settings_apply_to_all():
    comparison = costcalc.compare("mobilenet_v1", "vgg16", res=192)
    assert {entry.report.input for entry in comparison.entries} == {(3, 192, 192)}


@pytest.mark.parametrize(
    ("networks", "options", "message"),
    [
        (["mobilenet_v1"], [], "a comparison needs two networks"),
        (["mobilenet_v1", "vgg16"], ["--baseline", "vgg"], "did you mean 'vgg16'?"),
        (["mobilenet_v1", "vgg17"], [], "did you mean 'vgg1"),
        (["mobilenet_v1", "vgg16"], ["--set", "shallow=true"], "VGG16 has no"),
    ],
)
def test_what_cannot_be_compared_is_one_message_and_exit_code_2(networks, options, message):
    result = run(*networks, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_an_unknown_baseline_is_a_spec_error():
    with pytest.raises(SpecError):
        costcalc.compare("mobilenet_v1", "vgg16", baseline="x")


def test_networks_of_one_name_are_labelled_by_their_references(tmp_path):
    copy = tmp_path / "copy.yaml"
    text = "name: VGG16\ninput: [3, 8, 8]\nlayers:\n  - conv: {out: 2, kernel: 1}\n"
    copy.write_text(text, encoding="utf-8")
    labels = [entry.label for entry in costcalc.compare("vgg16", str(copy), "alexnet").entries]
    assert labels == ["vgg16", str(copy), "AlexNet"]


def test_bytes_under_a_storage_beside_counts():
    result = run("mobilenet_v1", "mobilenet_v2", "--storage", "tflm")
    assert "storage     tflm: int8" in result.stdout
    # MobileNetV1: conv2 reads 112 * 112 * 32 and writes 112 * 112 * 64, 1176 KiB; MobileNetV2's
    # dw of the second bottleneck 112 * 112 * 96 and 56 * 56 * 96, 1470 KiB.
    table = rows(result.stdout, "Totals", 2)
    assert [row[5] for row in table] == ["1176.0", "1470.0"]
    assert table[1][-2] == "1.25 × more"
    assert "MobileNetV2: of 715 K bytes of flash saved, " in result.stdout


def test_json_with_a_storage_has_what_it_has_without_and_more():
    networks = "mobilenet_v1@alpha=0.25,res=96", "mobilenet_v1@alpha=0.5,res=96"
    plain = costcalc.compare(*networks).data()["networks"]
    stored = costcalc.compare(*networks, storage="int8", batch=2).data()["networks"]
    for before, after, name in zip(plain, stored, networks, strict=True):
        memory = costcalc.memory(name, storage="int8", batch=2)
        for key in ("totals", "ratio", "causes"):
            assert before[key].items() <= after[key].items()
        assert after["totals"]["peak_bytes"] == memory.peak
        assert after["totals"]["weight_bytes"] == memory.weight_bytes
    flash = [network["totals"]["weight_bytes"] for network in stored]
    assert stored[1]["ratio"]["weight_bytes"] == flash[1] / flash[0]
    causes = stored[1]["causes"]
    assert sum(cause["saved"] for cause in causes["weight_bytes"]) == flash[0] - flash[1]
    assert "peak_bytes" not in causes  # no sum over layers


def test_metrics_are_chosen_and_bytes_need_no_storage():
    result = run("mobilenet_v1", "vgg16", "--metrics", "peak_bytes", "--format", "csv")
    assert result.stdout.splitlines() == [
        "network,top1,peak_bytes,peak_bytes_ratio",
        # fp32: 112 * 112 * (32 + 64) and 2 * 224 * 224 * 64 numbers of 4 bytes
        f"MobileNetV1,70.6,{4 * 112 * 112 * 96},1.0",
        f"VGG16,71.5,{4 * 224 * 224 * 128},{224 * 224 * 128 / (112 * 112 * 96)}",
    ]
    result = run("mobilenet_v1", "vgg16", "--metrics", "params,peak")
    assert result.exit_code == 2 and "there is no metric 'peak'" in result.stderr


def test_networks_with_storages_of_their_own_name_them(tmp_path):
    path = tmp_path / "net.tflite"
    path.write_bytes(bytes(costcalc.export("mobilenet_v1@alpha=0.25,res=96", "tflite")))
    result = run(str(path), "mobilenet_v1@alpha=0.25,res=96", "--metrics", "weight_bytes")
    assert "storage     tflite of " in result.stdout
    assert ", fp32 of MobileNetV1@alpha=0.25,res=96" in result.stdout


def test_layers_have_no_storage():
    result = run("conv", "separable", "--storage", "fp32")
    assert result.exit_code == 2 and "--storage applies only to a network" in result.stderr
    assert run("conv", "separable", "--batch", "2").exit_code == 2


SEVEN = {
    # Mult-adds and params of convolutions and linear layers, as hooks on timm 1.0.31's modules
    # count them, with the accuracies of the papers.
    "mobilenet_v1": ("MobileNetV1", "70.6", 568_740_352, 4_209_088),
    "mobilenet_v2": ("MobileNetV2", "72.0", 300_774_272, 3_469_760),
    # timm's is without the first block's expansion, 16 * 16 weights at 112 * 112 places.
    "mobilenet_v3_large": (
        *("MobileNetV3-Large", "75.2"),
        216_589_760 + 16 * 16 * 112 * 112,
        5_451_272 + 16 * 16,
    ),
    "mobilenetv4_conv_small": ("MNv4-Conv-S", "73.8", 186_005_568, 3_747_936),
    # timm squeezes 72 channels to 20 and 120 to 32, the paper's code to a quarter, 18 and 30.
    "ghostnet_100": (
        *("GhostNet 1.0x", "73.9"),
        141_150_512 - 2 * 2 * 72 - 2 * 2 * 120,
        5_153_336 - 2 * 2 * 72 - 2 * 2 * 120,
    ),
    "mobileone_s0": ("MobileOne-S0", "71.4", 275_110_400, 2_069_024),
    "efficientnetv2_b0": ("EfficientNetV2-B0", "78.7", 718_086_176, 7_064_576),
}


def test_seven_networks_for_phones_are_one_table_with_accuracies():
    listed = json.loads(run(*SEVEN, "--format", "json").stdout)["networks"]
    base = listed[0]["totals"]
    for network, (name, top1, mult_adds, params) in zip(listed, SEVEN.values(), strict=True):
        assert (network["network"], f"{network['accuracy']['top1']:.1f}") == (name, top1)
        assert network["totals"] == {"params": params, "mult_adds": mult_adds}
        assert network["ratio"] == {key: network["totals"][key] / base[key] for key in base}
    totals = rows(run(*SEVEN).stdout, "Totals", 7)
    assert [row[:4] for row in totals] == [
        [name, top1, f"{mult_adds / 1e6:.1f}", f"{params / 1e6:.2f}"]
        for name, top1, mult_adds, params in SEVEN.values()
    ]
    # 186.0 of 568.7 million, and 7.06 of 4.21: 3.06 and 1.68.
    assert totals[3][4] == "3.06 × fewer" and totals[6][5] == "1.68 × more"


def test_they_are_readable_in_a_hundred_columns():
    page = costcalc.compare(*SEVEN).page()
    lines = ["".join(span.text for span in line) for line in page_lines(page, 100)]
    assert max(map(len, lines)) <= 100
    start = lines.index("Totals")
    table = lines[start : lines.index("", start)]
    # One panel: two lines of heads, each network in a row of its own, none left out.
    assert [line.split("  ")[0] for line in table[4:11]] == [row[0] for row in SEVEN.values()]
    assert "Not shown" not in "".join(table)
