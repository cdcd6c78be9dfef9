"""The command ``costcalc check``."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

import costcalc
from costcalc.claims.sources import papers
from costcalc.claims.verdict import VERDICTS
from costcalc.cli import main

SPEC = """\
name: mynet
input: [3, 8, 8]
params: "<= 1K"
layers:
  - conv: {out: 16, kernel: 3}   # 3*3*3*16 = 432
  - fc: 10                       # 16*8*8*10 = 10240
"""


@pytest.fixture
def mynet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mynet.yaml"
    path.write_text(SPEC, encoding="utf-8")
    return path


def check(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments])


def test_a_paper_by_its_name_and_by_its_number() -> None:
    by_name, by_number = check("mobilenet_v1"), check("1704.04861")
    assert check("MobileNets").output == by_name.output
    assert by_name.exit_code == by_number.exit_code == 0
    assert by_name.output == by_number.output
    for table in ("Table 2", "Table 3", "Table 4", "Table 5", "Table 6", "Table 7", "Table 8"):
        assert f"MobileNets, arXiv 1704.04861, {table}" in by_name.output
    row = re.search(r"^Conv 3x3 .*$", by_name.output, re.MULTILINE)
    assert row
    assert re.split(r"\s{2,}", row[0].strip()) == [
        "Conv 3x3", "1.19 %", "1.9056 %", "erratum", "0.02 %", "0.0205 %", "rounded",
    ]  # fmt: skip


def test_the_known_misprints_of_mobilenet_v1_are_errata() -> None:
    claims = {
        claim["id"]: claim
        for claim in json.loads(check("mobilenet_v1", "--format", "json").output)["claims"]
    }
    for id_, computed in {
        "v1.T2.Conv3x3.macs": 100 * 10_838_016 / 568_740_352 / 100,  # 3*3*3*32*112*112
        "v1.T8.goog.params": 6_990_272,
        "v1.PlaNet.mn": 568_740_352 + 1024 * 8766,  # 9766 classes for 1000
    }.items():
        assert claims[id_]["verdict"] == "erratum"
        assert claims[id_]["computed"] == pytest.approx(computed, rel=1e-12)
        assert claims[id_]["explanation"]


def test_the_claims_of_all_papers_about_one_network() -> None:
    claims = json.loads(check("resnet50", "--format", "json").output)["claims"]
    sources = {claim["source"].split(",")[0] for claim in claims}
    assert {"EfficientNet", "Deep Residual Learning", "ShuffleNet V2"} <= sources
    assert {claim["network"] for claim in claims} == {"resnet50"}


def test_the_json_of_check(mynet: Path) -> None:
    result = check(str(mynet), "--format", "json")
    assert result.exit_code == 1
    data = json.loads(result.output)
    assert data["format_version"] == 1
    assert data["summary"] == {"mismatch": 1}
    (claim,) = data["claims"]
    assert claim["network"] == "mynet.yaml"
    assert claim["parameters"] == {"alpha": 1, "res": 8}
    assert (claim["metric"], claim["printed"], claim["computed"]) == ("params", "<= 1K", 10_672)
    assert claim["verdict"] in VERDICTS
    assert claim["explanation"].startswith("most is spent on fc1 10.2 K")


def test_bounds_of_the_command_line(mynet: Path) -> None:
    mynet.write_text(SPEC.replace('params: "<= 1K"\n', ""), encoding="utf-8")
    # mult-adds 432*64 + 10240 = 37888
    assert check("mynet.yaml", "--max-mult-adds", "37888", "--max-params", "11K").exit_code == 0
    broken = check("mynet.yaml", "--max-mult-adds", "37887")
    assert broken.exit_code == 1
    assert "most is spent on conv1" in broken.output
    assert check("mynet.yaml@alpha=0.5", "--max-params", "5.4K").exit_code == 0  # 216 + 5120
    assert check("mobilenet_v2", "--max-params", "3M").exit_code == 1


def test_bounds_of_the_command_line_apply_to_every_spec_in_a_folder(mynet: Path) -> None:
    (mynet.parent / "other.yaml").write_text(SPEC.replace("fc: 10", "fc: 1"), encoding="utf-8")
    claims = "claims: [{network: mynet.yaml, mult_adds: 37.9 K}]\n"
    (mynet.parent / "claims.yaml").write_text(claims, encoding="utf-8")
    data = json.loads(check(".", "--max-mult-adds", "30K", "--format", "json").output)
    # 432 * 64 + 1024 = 28,672 and 37,888; other.yaml's own bound holds too, and the claim.
    verdicts = [(claim["printed"], claim["computed"], claim["verdict"]) for claim in data["claims"]]
    assert verdicts == [
        ("37.9 K", 37_888, "rounded"),
        ("<= 30K", 37_888, "mismatch"),
        ("<= 1K", 10_672, "mismatch"),
        ("<= 30K", 28_672, "exact"),
        ("<= 1K", 1_456, "mismatch"),
    ]
    refused = check("claims.yaml", "--max-params", "1M")
    assert refused.exit_code == 2
    assert "a bound needs a network, and none is named" in refused.output


def test_the_summary_of_a_single_claim(mynet: Path) -> None:
    assert check("mynet.yaml").output.endswith("\nThe claim does not hold.\n")
    mynet.write_text(SPEC.replace("1K", "11K"), encoding="utf-8")
    assert check("mynet.yaml").output.endswith("\nThe claim holds.\n")


@pytest.mark.slow
def test_no_claim_is_lost_if_two_arguments_mean_one_file(mynet: Path) -> None:
    both = ids("resnet18", "resnet34")
    assert set(both) == {*ids("resnet18"), *ids("resnet34")}
    assert len(both) == len(set(both))
    assert ids("resnet34", "resnet") == ids("resnet", "resnet34") == ids("resnet")
    assert ids(".", "mynet.yaml") == ids(".")


def test_a_folder_with_nothing_to_check_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("a: 1\n", encoding="utf-8")
    for more in ((), ("--max-params", "1M")):
        refused = check(str(tmp_path), *more)
        assert refused.exit_code == 2
        assert "this folder contains no claims and no specs" in refused.output
        assert "costcalc check --shipped" in refused.output


def test_a_spec_may_contain_a_list_of_claims(mynet: Path) -> None:
    claims = 'claims:\n  - {at: alpha=0.5, params: "<= 5.4K"}\n  - {only: fc, params: "10,240"}\n'
    mynet.write_text(SPEC.replace('params: "<= 1K"\n', claims), encoding="utf-8")
    result = check("mynet.yaml", "--format", "json")  # 432 / 2 + 10240 / 2 = 5336
    assert json.loads(result.output)["summary"] == {"exact": 2}
    assert CliRunner().invoke(main, ["report", "mynet.yaml"]).exit_code == 0


def test_a_mismatch_of_the_largest_map_names_the_tensor(mynet: Path) -> None:
    # conv: 16 * 8 * 8 elements of 2 bytes = 2048 B; fc: 10 elements = 20 B
    for printed in ("<= 1 KB", "1 KB"):
        claim = f'{{storage: mobilenet_v2-table3, peak_bytes: "{printed}"}}'
        mynet.write_text(SPEC.replace('params: "<= 1K"', f"claims: [{claim}]"))
        result = check("mynet.yaml", "--format", "json")
        (claim,) = json.loads(result.output)["claims"]
        assert (result.exit_code, claim["computed"], claim["verdict"]) == (1, 2048, "mismatch")
        assert (
            "under mobilenet_v2-table3, the peak is in conv1, with conv1 2.05 KB"
            in (claim["explanation"])
        )


def test_what_layers_a_mismatch_names(mynet: Path) -> None:
    for bound, words in (
        ('map_side: "<= 1", only: conv1', "the largest are conv1 8\n"),
        ('neurons: "<= 1K"', "most is spent on conv1 1.02 K (99.03 %), fc1 10"),  # 1024 of 1034
        ('layer_count: "<= 1"', "correct the network, or the bound"),
    ):
        mynet.write_text(SPEC.replace('params: "<= 1K"', f"claims: [{{{bound}}}]"))
        assert words in check("mynet.yaml").output


def test_a_spec_without_claims_is_still_checked(mynet: Path) -> None:
    mynet.write_text(SPEC.replace('params: "<= 1K"\n', ""), encoding="utf-8")
    result = check("mynet.yaml")
    assert (result.exit_code, "claims nothing" in result.output) == (0, True)
    mynet.write_text(SPEC.replace("kernel: 3", "kernel: 30, padding: 0"), encoding="utf-8")
    assert check("mynet.yaml").exit_code == 2


def test_a_folder(mynet: Path) -> None:
    (mynet.parent / "deep").mkdir()
    claims = mynet.parent / "deep" / "claims.yml"
    claims.write_text("claims: [{network: vgg16, params: 138 M}]", encoding="utf-8")
    (mynet.parent / "other.yaml").write_text("a: b\n", encoding="utf-8")
    (mynet.parent / ".hidden.yaml").write_text("a: [\n", encoding="utf-8")
    result = check(str(mynet.parent), "--format", "json")
    assert json.loads(result.output)["summary"] == {"rounded": 1, "mismatch": 1}


CLAIM = "claims: [{network: vgg16, params: 138 M}]\n"


def ids(*arguments: str) -> list[str]:
    result = check(*arguments, "--format", "json")
    assert result.exit_code in (0, 1), result.output
    return [claim["id"] for claim in json.loads(result.output)["claims"]]


def test_without_a_path_the_current_folder_is_checked_but_not_its_subfolders(mynet: Path) -> None:
    folder = mynet.parent
    (folder / "deep").mkdir()
    for name in ("claims.yml", "deep/more.yaml", ".hidden.yaml"):
        (folder / name).write_text(CLAIM, encoding="utf-8")
    (folder / "other.yaml").write_text("services: {web: {image: nginx}}\n", encoding="utf-8")
    assert (
        ids()
        == ["claims:vgg16:params", "mynet:mynet.yaml:params"]
        == ids("claims.yml", "mynet.yaml")
    )
    assert ids(".") == ["claims:vgg16:params", "mynet:mynet.yaml:params", "more:vgg16:params"]
    # Bounds apply to the specs of the folder; the file is named as the user would name it.
    assert ids("--max-params", "1M") == [
        "claims:vgg16:params",
        "mynet.yaml:params",
        "mynet:mynet.yaml:params",
    ]
    assert set(ids(".", "mynet.yaml", "--max-params", "1M")) == {
        *(
            "claims:vgg16:params",
            "mynet.yaml:params",
            "mynet:mynet.yaml:params",
            "more:vgg16:params",
        )
    }


def test_the_papers_that_ship_are_checked_by_an_option_with_and_without_paths(
    mynet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("costcalc.claims.sources.papers", {"vgg": papers()["vgg"]}.copy)
    shipped = ids("--shipped")
    assert len(shipped) == 6
    assert ids("mynet.yaml", "--shipped") == ["mynet:mynet.yaml:params", *shipped]
    assert ids("vgg", "--shipped") == shipped
    assert ids("vgg16", "--max-params", "1G", "--shipped") == ["vgg16:params", *shipped]
    refused = check("--shipped", "--max-params", "5M")
    assert "a bound needs a network, and none is named" in refused.output


def test_a_folder_with_neither_says_what_to_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "claims.yaml").write_text(CLAIM, encoding="utf-8")
    for more in ((), ("--max-params", "1M")):
        refused = check(*more)
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert "the current folder contains no claims and no specs" in refused.stderr
        assert "costcalc check --shipped" in refused.stderr


LONG = b"- {id: 1, box: [1, 2, 3, 4]}\n" * 700_000  # 20 MB: no spec may be as large


@pytest.mark.parametrize(
    "other",
    [
        b"image: {{ .Values.image }}\n  network: 1\n",
        b"a: 1\n---\na: 2\n",
        b"Resource: !Ref layers\n",
        b"- layers: [1]\n- claims: []\n",
        b"name: \xff\n",
        b"\xff\xfen\0a\0",
        b"network\0",
        b"",
        LONG,
    ],
    ids=("template", "documents", "tag", "list", "latin", "utf16", "binary", "empty", "long"),
)
def test_yaml_of_other_tools_is_passed_over_in_a_folder(mynet: Path, other: bytes) -> None:
    (mynet.parent / "other.yaml").write_bytes(other)
    assert ids() == ids(".") == ["mynet:mynet.yaml:params"]
    assert check("other.yaml").exit_code == 2  # but not where it is named


@pytest.mark.parametrize(
    "broken",
    [
        b"name: net\ninput: [3, 8, 8\nlayers:\n  - fc: 10\n",
        b"name: \xff\nlayers: [fc: 10]\n",
        b"claims: [\n",
        b'{"layers": [fc: 10]\n',
        b"name: net\nlayers: []\n---\n",
        b"layers: []\n" + LONG,
    ],
    ids=("spec", "latin", "claims", "braces", "documents", "long"),
)
def test_a_broken_spec_in_a_folder_is_an_error(mynet: Path, broken: bytes) -> None:
    (mynet.parent / "broken.yaml").write_bytes(broken)
    (mynet.parent / "worse.yaml").write_text("layers: [\n", encoding="utf-8")
    for arguments in ((), (".",)):
        refused = check(*arguments)
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert "broken.yaml" in refused.stderr
        assert "worse.yaml" in refused.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_links_and_pipes_in_a_folder(mynet: Path) -> None:
    folder = mynet.parent
    (folder / "link.yaml").symlink_to("mynet.yaml")
    (folder / "folder.yaml").mkdir()
    (folder / "loop").symlink_to(".", target_is_directory=True)
    names = ["link:link.yaml:params", "mynet:mynet.yaml:params"]
    assert ids() == ids(".") == names
    for make in (os.mkfifo, lambda path: os.symlink("nowhere", path)):
        make(folder / "strange.yaml")
        refused = check()
        assert refused.exit_code == 2
        assert "strange.yaml" in refused.stderr
        (folder / "strange.yaml").unlink()


@pytest.mark.parametrize(
    "arguments",
    [
        ("nowhere",),
        ("mynet.yaml", "--max-params", "many"),
        ("vgg", "--max-params", "5M", "--shipped", "nowhere"),
        ("missing.yaml", "--max-params", "5M"),
        ("other.yaml",),
        ("broken.yaml",),
        ("",),
    ],
)
def test_mistakes_exit_with_2(mynet: Path, arguments: tuple[str, ...]) -> None:
    (mynet.parent / "other.yaml").write_text("a: b\n", encoding="utf-8")
    (mynet.parent / "broken.yaml").write_text("claims: [\n", encoding="utf-8")
    result = check(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_annotations_point_at_the_line(mynet: Path) -> None:
    result = check("mynet.yaml", "--format", "github")
    assert result.output.startswith("::error file=mynet.yaml,line=3,col=9,title=costcalc%3A ")
    assert "(95.95 %25)" in result.output  # 10240 / 10672
    assert check("vgg", "--format", "github").output == ""


def test_junit_counts_failures(mynet: Path) -> None:
    mynet.write_text(SPEC.replace("mynet\n", "'my <net> & \"co\"'\n", 1), encoding="utf-8")
    (suite,) = ElementTree.fromstring(check("mynet.yaml", "--format", "junit").output)
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert suite.get("name") == 'my <net> & "co"'
    (case,) = suite
    assert (case.get("file"), case.get("line")) == ("mynet.yaml", "3")
    assert "computed 10.67 K" in (case[0].text or "")


def test_junit_names_each_claim_by_its_id_and_points_at_a_line_that_exists(mynet: Path) -> None:
    claims = """\
claims:
  - {network: mynet.yaml, params: 11 K}
  - network: mynet.yaml
    id: again
    params: 11 K
"""
    (mynet.parent / "claims.yaml").write_text(claims, encoding="utf-8")
    # However the file is named, its path is relative to where the server runs.
    output = check(str(mynet.parent), "--max-params", "1M", "--format", "junit").output
    cases = [
        (case.get("file"), case.get("line"), (case.get("name") or "").partition(", ")[0])
        for case in ElementTree.fromstring(output).iter("testcase")
    ]
    assert cases == [
        ("claims.yaml", "2", "claims:mynet.yaml:params"),
        ("claims.yaml", "5", "again"),
        ("mynet.yaml", "1", f"{mynet}:params"),
        ("mynet.yaml", "3", "mynet:mynet.yaml:params"),
    ]


def test_markdown_has_a_table_for_each_table() -> None:
    output = check("vgg", "--format", "markdown").output
    assert "## Very Deep Convolutional Networks, arXiv 1409.1556, Table 2" in output
    assert "| D | 138 M | 138.36 M | convention |" in output


def test_every_paper_has_a_name() -> None:
    assert {"mobilenet_v1", "mobilenet_v2", "googlenet", "resnet", "vgg"} <= papers().keys()


def test_the_requested_convention_applies_to_figures_without_one(mynet: Path) -> None:
    # 3*3*3*16*8*8 + 10240 = 37,888; thop adds nothing for biases, ptflops 16*8*8 + 10
    mynet.write_text(SPEC.replace('params: "<= 1K"\n', ""))
    bound = ("mynet.yaml", "--max-mult-adds", "37888")
    assert check(*bound).exit_code == 0
    assert check(*bound, "--convention", "thop").exit_code == 0
    assert check(*bound, "--convention", "ptflops").exit_code == 1
    refused = check(*bound, "--convention", "thpo")
    assert refused.exit_code == 2
    assert "did you mean 'thop'" in refused.output


def test_a_claim_that_names_its_convention_keeps_it(mynet: Path) -> None:
    mynet.write_text(SPEC.replace("params:", "claims:\n  - {params: 10672, convention: paper}\n#"))
    assert check("mynet.yaml", "--convention", "paper-with-bias").exit_code == 0


def test_budgets_of_bytes_in_a_spec(mynet: Path) -> None:
    # In int8: conv1 reads 3*8*8 = 192 B and writes 1024; 432 + 10240 weights and 26 biases of 4.
    budgets = 'budgets: {storage: int8, peak_bytes: "<= 1.1875 KiB", weight_bytes: "<= 10,776 B"}'
    mynet.write_text(SPEC.replace('params: "<= 1K"', budgets), encoding="utf-8")
    result = check("mynet.yaml", "--format", "json")
    claims = json.loads(result.output)["claims"]
    assert [claim["computed"] for claim in claims] == [1216, 10776]
    assert json.loads(result.output)["summary"] == {"exact": 2}
    tighter = budgets.replace("1.1875 KiB", "1215 B").replace("776", "775")
    mynet.write_text(SPEC.replace('params: "<= 1K"', tighter))
    output = check("mynet.yaml").output
    assert "under int8, the peak is in conv1, with conv1 1,024, input 192: shrink these" in output
    assert "under int8, most is spent on fc1 10,280 (95.40 %), conv1 496 (4.60 %)" in output


def fails(network: str, storage: str, most: str) -> str:
    """What is said of a network that needs more memory."""
    result = check(network, "--storage", storage, "--max-ram", most, "--format", "json")
    assert result.exit_code == 1
    (claim,) = json.loads(result.output)["claims"]
    return str(claim["explanation"])


def test_a_fragmented_plan_is_not_that_of_a_step() -> None:
    """Visual Wake Words: 72 KiB planned for 54 KiB alive at most; greedy by size needs 63."""
    over = fails("mobilenet_v1_vww", "tflm", "64KiB")
    assert "the plan needs 72.00 KiB, 18.00 KiB of it fragmentation" in over
    assert "the most alive at once is 54.00 KiB, in conv2, with conv2 36.00 KiB" in over
    assert "planner greedy-by-size fits, with 63.00 KiB" in over
    far = fails("mobilenet_v1_vww", "tflm", "60KiB")
    assert "54.00 KiB, in conv2" in far
    assert "fits" not in far


def test_an_order_that_fits_is_named(tmp_path: Path) -> None:
    path = tmp_path / "branches.yaml"
    path.write_text("""\
name: branches
input: [10]
layers:
  - fc: {out: 50, bias: false, name: a1}
  - fc: {out: 40, bias: false, name: b1, from: input}
  - fc: {out: 5, bias: false, name: a2, from: a1}
  - fc: {out: 20, bias: false, name: b2, from: b1}
  - concat: {from: [a2, b2]}
""")
    assert "the best order of the steps fits, with 65" in fails(str(path), "int8", "70 B")
    assert "fits" not in fails(str(path), "int8", "64 B")


def test_a_part_of_a_file_has_no_plan_but_a_peak_without_addresses(tmp_path: Path) -> None:
    """The file's own planner is tflite-micro's, not that of fp32, which it has no storage of."""
    model = costcalc.export("autoencoder_ad", to="tflite", weights="zeros", dtype="int8")
    (tmp_path / "net.tflite").write_bytes(bytes(model))
    path = tmp_path / "paper.yaml"
    claim = '{peak_bytes: "<= 768", only: fc1%s}'
    for planner, code in (("", 2), (", planner: tflm", 2), (", planner: liveness", 0)):
        path.write_text(f"network: net.tflite\nclaims: [{claim % planner}]\n", encoding="utf-8")
        result = check(str(path))
        assert result.exit_code == code, result.output
        refusal = "'tflm' plans a whole network, not some layers of it"
        assert (refusal in result.stderr) == bool(code)


@pytest.mark.parametrize("suffix", ["", "_share", "_ratio", "_increase", "_difference"])
@pytest.mark.parametrize(
    "text",
    [
        SPEC + "claims: [{METRIC: 5}]\n",
        SPEC + "budgets: {METRIC: 5}\n",
        "network: alexnet\nMETRIC: 5\n",
        "network: alexnet\nclaims: [{params: 5 M, METRIC: 5}]\n",
        "network: alexnet\ntables: [{table: T, columns: [METRIC], rows: [[5]]}]\n",
        "network: alexnet\ntables: [{table: T, columns: [row, METRIC: id], rows: [[a, 5]]}]\n",
    ],
    ids=["spec", "budgets", "root", "claim", "column", "column with an id"],
)
def test_the_former_metric_of_maps_says_what_it_is_now(
    tmp_path: Path, text: str, suffix: str
) -> None:
    path = tmp_path / "paper.yaml"
    path.write_text(text.replace("METRIC", f"memory{suffix}"), encoding="utf-8")
    result = check(str(path))
    assert result.exit_code == 2
    hint = f"try      peak_bytes{suffix} with 'storage: mobilenet_v2-table3', its new name\n"
    assert hint in result.stderr


@pytest.mark.parametrize(
    ("budgets", "message"),
    [
        ("5", "budgets are a mapping"),
        ("{storage: int8}", "this claims nothing"),
        ('{storage: int7, peak_bytes: "<= 1 KiB"}', "there is no storage 'int7'"),
        ('{storage: ../up.yaml, peak_bytes: "<= 1 KiB"}', "there is no storage '../up.yaml'"),
        ('{planner: best, peak_bytes: "<= 1 KiB"}', "there is no planner 'best'"),
        ('{batch: 0, peak_bytes: "<= 1 KiB"}', "a batch must be a whole number above zero"),
        ('{peak_bytes: "<= 256K"}', "peak_bytes is a size in bytes, and 256K is a count"),
        ('{params: "<= 256 KiB"}', "params is a count, and 256 KiB is a size in bytes"),
        ("{peak_bytes: 256 KiB}", "the budget of peak_bytes is not a bound"),
        ('{ram: "<= 1 KiB"}', "ram"),
    ],
)
def test_wrong_budgets_are_refused_where_they_stand(
    mynet: Path, budgets: str, message: str
) -> None:
    mynet.write_text(SPEC.replace('params: "<= 1K"', f"budgets: {budgets}"), encoding="utf-8")
    result = check("mynet.yaml")
    assert result.exit_code == 2
    assert message in result.output
    assert "mynet.yaml:" in result.output


@pytest.mark.parametrize("item", ["[]", "~", "569 M"])
def test_a_claim_that_is_no_mapping_is_refused(mynet: Path, item: str) -> None:
    mynet.write_text(SPEC.replace('params: "<= 1K"', f"claims: [{item}]"), encoding="utf-8")
    result = check("mynet.yaml")
    assert result.exit_code == 2
    assert "a claim is a mapping" in result.output


def test_bounds_of_bytes_on_the_command_line(mynet: Path) -> None:
    mynet.write_text(SPEC.replace('params: "<= 1K"\n', ""), encoding="utf-8")
    held = check("mynet.yaml", "--storage", "int8", "--max-ram", "1216 B", "--max-flash", "11kB")
    assert held.exit_code == 0
    over = check("mynet.yaml", "--storage", "int8", "--max-ram", "1215", "--max-traffic", "1MB")
    assert over.exit_code == 1
    assert "the peak is in conv1" in over.output
    batch = check("mynet.yaml", "--storage", "int8", "--max-ram", "1216", "--batch", "2")
    assert batch.exit_code == 1
    for wrong in ("1K", "0", "-1 KiB", "big"):
        refused = check("mynet.yaml", "--max-ram", wrong)
        assert (refused.exit_code, "--max-ram" in refused.output) == (2, True)


def test_a_storage_beside_the_claims(mynet: Path) -> None:
    (mynet.parent / "own.yaml").write_text(
        "name: own\ntitle: own\nsource: here\nextends: int8\nbits: {activations: 16, weights: 8}\n"
    )
    mynet.write_text(
        SPEC.replace('params: "<= 1K"', 'budgets: {storage: ./own.yaml, peak_bytes: "<= 2432"}')
    )
    assert check("mynet.yaml").exit_code == 0  # 2 * 1216
