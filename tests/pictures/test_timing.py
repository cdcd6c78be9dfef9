"""Pictures of time: points on the roof, bars by limit, networks against a device."""

from fractions import Fraction

import pytest
from click.testing import CliRunner

import costcalc
from costcalc import opening
from costcalc.cli import main
from costcalc.costs.convention import load
from costcalc.errors import CostcalcError
from costcalc.metrics import accounting
from costcalc.pictures import plots, timed_plots
from costcalc.pictures.accuracies import accuracies
from costcalc.pictures.timing import roofline, timeline


def run(*arguments):
    return CliRunner().invoke(main, ["plot", *arguments])


@pytest.mark.parametrize(
    ("network", "device"),
    [("mobilenet_v1", "rpi4"), ("mobilenet_v2", "a100-40"), ("nasnetamobile", "jetson-nano")],
)
def test_labels_of_a_roofline_cover_neither_each_other_nor_a_point(network, device):
    figure = timed_plots.roof(roofline(costcalc.latency(network, device)))
    figure.canvas.draw()
    (panel,) = figure.axes
    renderer = figure.canvas.get_renderer()
    boxes = [type(text).__mro__[1].get_window_extent(text, renderer) for text in panel.texts]
    assert len(boxes) >= 5
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :] if a.overlaps(b)]
    frame = panel.get_window_extent(renderer)
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 for box in boxes)
    for text, own in zip(panel.texts, boxes, strict=True):
        if text.arrow_patch is not None:  # a line to its point, which crosses no other label
            start = panel.transData.transform(text.xy)
            end = (own.x0 + own.x1) / 2, (own.y0 + own.y1) / 2
            for part in (step / 100 for step in range(101)):
                x, y = (a + part * (b - a) for a, b in zip(start, end, strict=True))
                assert not any(box.contains(x, y) for box in boxes if box is not own)


def test_points_lie_on_the_roof_and_their_areas_are_shares():
    answer = costcalc.latency("mobilenet_v1", "rpi4")
    data = roofline(answer)
    for point in data.points:
        assert point.speed == min(data.peak, data.bandwidth * point.intensity)
    pool = [step for step in answer.steps if not step.operations]
    drawn = sum(point.share for point in data.points)
    assert drawn == 1 - sum(step.seconds for step in pool) / answer.roofline
    names = [name for point in data.points for name in point.names]
    assert sorted(names) == sorted(step.name for step in answer.steps if step.operations)
    (left_out,) = data.left_out
    assert left_out.startswith("Not drawn: 1 step that multiplies nothing, ")
    figure = timed_plots.roof(data)
    areas = [float(points.get_sizes()[0]) for points in figure.axes[0].collections]
    assert areas == sorted(areas, reverse=True)
    assert areas == pytest.approx([1500 * float(point.share) + 14 for point in data.points])


def test_bars_are_the_times_by_limit():
    answer = costcalc.latency("mobilenet_v1", "rpi4")
    data = timeline(answer)
    figure = timed_plots.times(data)
    (panel,) = figure.axes
    compute, memory, hidden = (
        [bar.get_height() for bar in container] for container in panel.containers
    )
    steps = answer.steps
    assert sum(compute) == pytest.approx(
        float(1000 * sum(step.seconds for step in steps if step.limit == "compute"))
    )
    assert sum(memory) + sum(compute) == pytest.approx(float(1000 * answer.roofline))
    assert sum(hidden) + sum(memory) + sum(compute) == pytest.approx(float(1000 * answer.serial))
    shown = panel.get_title()
    assert "no run is faster" in shown
    assert shown.count("an estimate") == 2
    assert "estimate" in panel.get_ylabel()


def test_networks_against_a_device():
    convention = load("paper")
    how = accounting(convention, ("bound_ms",), device="pixel1-big")
    data = accuracies([opening.opened("mobilenet_v2")], convention, how)
    for point in data.points:
        alpha = Fraction(7, 5) if "1.4" in point.label else 1
        answer = costcalc.latency("mobilenet_v2", "pixel1-big", alpha=alpha)
        assert point.bound == 1000 * answer.bound
    figure = plots.bubbles(data)
    assert figure.axes[0].get_xlabel() == "bound on pixel1-big, ms: no run is faster"
    shown = run("accuracy", "mobilenet_v2", "--device", "pixel1-big").stdout
    assert "17.49 ms or more, 3.47 M params" in shown


def test_words_in_the_terminal():
    shown = run("roofline", "mobilenet_v1", "--device", "rpi4").stdout
    lines = shown.splitlines()
    assert lines[0] == "MobileNetV1 on Raspberry Pi 4 Model B, fp32: the roofline, an estimate"
    assert lines[1] == "peak 57.6 GOP/s, 12.8 GB/s, ridge at 4.50 operations a byte"
    shown = run("latency", "mobilenet_v1", "--device", "rpi4").stdout
    assert "bound 19.75 ms: no run is faster\nroofline" in shown
    assert shown.splitlines()[5].endswith("0.3763 ms, compute")


def test_what_has_no_roofline(tmp_path):
    with pytest.raises(CostcalcError, match="max78000 has no stated bandwidth"):
        roofline(costcalc.latency("mobilenet_v1", "max78000"))
    path = tmp_path / "free.yaml"
    path.write_text("name: free\ninput: [1, 4, 4]\nlayers: [relu]\n")
    result = run("roofline", str(path), "--device", "rpi4")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no step of free multiplies" in result.stderr
    assert run("latency", str(path), "--device", "rpi4").exit_code == 0


PARTIAL = """\
input: [3, 8, 8]
layers:
  - conv: {out: 4, kernel: 3}
  - uncounted: {op: Mystery, shape: [4, 8, 8]}
"""


@pytest.mark.parametrize("picture", ["latency", "roofline"])
def test_pictures_say_what_no_time_includes(picture, tmp_path):
    spec = tmp_path / "partial.yaml"
    spec.write_text(PARTIAL)
    shown = run(picture, str(spec), "--device", "rpi4").stdout
    assert shown.endswith("\nNot counted: 1 Mystery (uncounted1).\n")
    answer = costcalc.latency(spec, "rpi4")
    figure = (
        timed_plots.times(timeline(answer))
        if picture == "latency"
        else timed_plots.roof(roofline(answer))
    )
    (panel,) = figure.axes
    assert "Not counted: 1 Mystery (uncounted1)." in panel.get_title() + panel.get_xlabel()
    if picture == "latency":
        assert "no run of all that is counted is faster" in shown
        assert "no run of all that is counted is faster" in panel.get_title()


def test_a_style_of_the_user_does_not_reach_the_figures(tmp_path, monkeypatch):
    """Black on white, to be read in print and on a dark page."""
    import matplotlib

    monkeypatch.setitem(matplotlib.rcParams, "figure.facecolor", "black")
    monkeypatch.setitem(matplotlib.rcParams, "text.color", "white")
    figure = timed_plots.times(timeline(costcalc.latency("mobilenet_v1", "rpi4")))
    assert figure.get_facecolor() == (1, 1, 1, 1)
    assert matplotlib.rcParams["savefig.facecolor"] == "auto"
    assert not matplotlib.rcParams["savefig.transparent"]
    assert matplotlib.rcParams["text.color"] == "black"
