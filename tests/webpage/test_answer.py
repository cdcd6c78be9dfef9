"""The page as an answer: the file that it writes, and its frame in a notebook."""

import os

import pytest

import costcalc


@pytest.fixture(scope="module")
def page():
    return costcalc.page("mobilenet_v1", alpha=1, res=224)


def test_the_file_has_the_text(page, tmp_path):
    path = tmp_path / "net.html"
    page.save(path)
    assert path.read_text(encoding="utf-8") == page.html == str(page)


def test_a_page_that_cannot_be_written_leaves_the_file_that_was_there(page, tmp_path, monkeypatch):
    path = tmp_path / "net.html"
    path.write_text("before", encoding="utf-8")
    monkeypatch.setattr(page, "html", page.html + "\ud800")  # which no encoding has
    with pytest.raises(UnicodeEncodeError):
        page.save(path)
    assert path.read_text(encoding="utf-8") == "before"
    assert os.listdir(tmp_path) == ["net.html"]


def test_a_missing_folder_is_named(page, tmp_path):
    path = tmp_path / "nowhere" / "net.html"
    with pytest.raises(costcalc.SpecError) as error:
        page.save(path)
    assert str(error.value) == f"{path}: cannot be written: No such file or directory"


def test_a_notebook_shows_it_in_a_frame(page):
    frame = page._repr_html_()
    assert frame.startswith('<iframe srcdoc="<!doctype html>')
    inner = frame.partition('srcdoc="')[2].partition('" title=')[0]
    assert '"' not in inner
    assert inner.replace("&quot;", '"').replace("&amp;", "&") == page.html
