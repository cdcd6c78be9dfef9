"""Writes the source of the site of documentation, for Sphinx: ``nox -s site``.

    .venv/bin/python tools/make_site.py build/site/source

The pages of ``docs/``, those beside it that people look for, and pages that are written from the
tables and files that costcalc itself reads: commands, the functions of Python, conventions,
storages, devices, and the networks that ship, each with its interactive page.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from inspect import isclass, isfunction
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, NamedTuple

import click

import costcalc
from costcalc.cli import COMMANDS, main
from costcalc.escaping import markdown
from costcalc.render.answer import Answer
from costcalc.reporting.report import TableOptions

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
REPOSITORY = "https://github.com/costcalc/costcalc/blob/main"

BESIDE = {
    ROOT / ".github" / "CONTRIBUTING.md": "contributing.md",
    ROOT / ".github" / "SECURITY.md": "security.md",
    ROOT / "CHANGELOG.md": "changelog.md",
}
"""Pages that are not in ``docs/``, and their paths on the site."""

GENERATED = "<!-- generated pages -->\n"
"""Where the first page lists the generated pages."""

_CODE = re.compile(r"(```.*?^```|`[^`\n]*`)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(\]\()((?!\w+:)[^)#\s]+)")
_VALUE = r"\S*[\d=:/](?:\S*[^\s.,;:)]|\.\.\.)?"
_TYPED = re.compile(
    rf"""(?<!\w)(
    '[^']+'                                   # in quotes
    | --?[A-Za-z][\w-]* (?:[ ]{_VALUE})?      # --set t=4,6
    | [a-z]\w* @ {_VALUE}                     # mobilenet_v1@alpha=0.5
    | [a-z]\w* (?:[_.:]\w+)+ (?:,\w+)*       # bound_ms,accuracy
    )""",
    re.VERBOSE,
)
"""What people type, in a sentence of help."""
_FILE = re.compile(r"<!-- (?:file|example): ([\w./-]+\.\w+) -->\n```(\w+)\n")


class Group(NamedTuple):
    """Generated pages of one sort."""

    folder: str
    title: str
    head: str
    """The page that lists them."""
    pages: Mapping[str, str]
    """The text of each, by its name."""


def write(target: Path) -> None:
    """Writes the source of the site into a folder, which is emptied first."""
    shutil.rmtree(target, ignore_errors=True)
    for path, text in site().items():
        page = target / path
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")
    shutil.copytree(DOCS / "images", target / "images")
    shutil.copy(DOCS / "conf.py", target)
    shutil.copytree(DOCS / "_static", target / "_static")
    interactive = target / "extra" / "interactive"
    interactive.mkdir(parents=True)
    for spec in specs():
        costcalc.page(spec["name"]).save(interactive / f"{spec['name']}.html")


def site() -> dict[str, str]:
    """Every page of the site, by its path."""
    pages = {path: as_on_site(source) for source, path in sources().items()}
    for guide, names in commands_of_guides().items():
        pages[guide] = with_commands(pages[guide], names)
    groups = [
        commands(),
        reference(),
        listed("conventions", "Conventions, each with its rules", costcalc.conventions),
        listed("storages", "Storages, each with its rules", costcalc.storages),
        listed("devices", "Devices, each with its figures", costcalc.devices),
    ]
    for group in groups:
        pages[f"{group.folder}/index.md"] = group.head + toctree(group.pages)
        pages |= {f"{group.folder}/{name}.md": text for name, text in group.pages.items()}
    networks = network_pages()
    pages |= {f"networks/{name}.md": text for name, text in networks.items()}
    pages["collection.md"] = linked(pages["collection.md"], networks, "networks/")
    pages["collection.md"] += toctree(f"networks/{name}" for name in networks)
    pages["index.md"] = home(pages["index.md"], groups)
    return pages


# Pages written by hand


def sources() -> dict[Path, str]:
    """The pages that are written by hand, with their paths on the site."""
    return guides() | notebooks() | BESIDE


def guides() -> dict[Path, str]:
    """The pages of the folder of documentation, with their paths on the site."""
    return {page: page.relative_to(DOCS).as_posix() for page in sorted(DOCS.rglob("*.md"))}


def notebooks() -> dict[Path, str]:
    """The notebooks among the examples, with their paths on the site."""
    paths = sorted(DOCS.rglob("*.ipynb"))
    return {path: path.relative_to(DOCS).with_suffix(".md").as_posix() for path in paths}


def notebook(path: Path) -> str:
    """A notebook as Markdown: its text, its code, and below it what that prints."""
    parts = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        printed = (output.get("text") or output["data"]["text/plain"] for output in cell["outputs"])
        parts += (f"```text\n{''.join(lines).rstrip()}\n```" for lines in printed)
    return "\n\n".join((*parts, f"[This page as a notebook]({path.name})\n"))


def as_on_site(source: Path) -> str:
    """A page whose links lead to pages of the site, or to the repository.

    Raises:
        FileNotFoundError: a link leads nowhere.
    """
    pages = sources()
    here = os.path.dirname(pages[source])

    def target(link: re.Match[str]) -> str:
        file = Path(os.path.normpath(source.parent / link[2]))
        if not file.exists():
            raise FileNotFoundError(f"{source}: {link[2]}")
        if file in pages and file != source:
            return link[1] + os.path.relpath(pages[file], here)
        if file.is_relative_to(DOCS / "images"):
            return link[1] + os.path.relpath(file.relative_to(DOCS), here)
        return f"{link[1]}{REPOSITORY}/{file.relative_to(ROOT).as_posix()}"

    is_notebook = source.suffix == ".ipynb"
    text = notebook(source) if is_notebook else source.read_text(encoding="utf-8")
    parts = _CODE.split(text)
    parts[::2] = [_LINK.sub(target, part) for part in parts[::2]]
    return _FILE.sub(r"```{code-block} \2\n:caption: \1\n\n", "".join(parts))


def home(text: str, groups: Iterable[Group]) -> str:
    """The first page; its lists of links are the navigation, too."""
    generated = (f"- [{group.title}]({group.folder}/index.md)\n" for group in groups)
    first, *sections = text.replace(GENERATED, "".join(generated)).split("\n## ")
    parts = [first]
    for section in sections:
        heading = section.partition("\n")[0]
        links = re.findall(r"\[([^\]]+)\]\(([\w./-]+)\.md\)", section)
        entries = (f"{words} <{page}>" for words, page in links)
        parts.append(f"{section.rstrip()}\n\n{toctree(entries, heading)}")
    return "\n## ".join(parts)


def toctree(pages: Iterable[str], caption: str = "") -> str:
    """The part of the navigation below a page."""
    head = f":caption: {caption}\n" if caption else ""
    return f"\n```{{toctree}}\n:hidden:\n{head}\n" + "\n".join(pages) + "\n```\n"


# Commands


def commands() -> Group:
    """A page for each command, from what its ``--help`` has."""
    context = click.Context(main, info_name="costcalc", **main.context_settings)
    pages = {name: command_page(name, context) for name in COMMANDS}
    rows = "".join(f"| {name} | {markdown(text)} |\n" for name, text in COMMANDS.items())
    head = "# Commands\n\n| command | what it tells |\n|---|---|\n" + rows
    return Group("commands", "Commands", linked(head, pages), pages)


def command_page(name: str, above: click.Context) -> str:
    """The page of a command and of those below it."""
    command = main.get_command(above, name)
    assert command is not None
    sections = [f"# costcalc {name}", *usage(command, above, name)]
    examples = [f"[{title}](../{page})" for page, title in pages_with_examples(name)]
    if examples:
        sections.append(f"Read on, with examples: {', '.join(examples)}.")
    return "\n\n".join(sections) + "\n"


def usage(command: click.Command, above: click.Context, name: str) -> Iterator[str]:
    """How a command is called, what it does and its options; then the commands below it."""
    context = click.Context(command, info_name=name, parent=above)
    yield f"```text\n{context.command_path} {' '.join(command.collect_usage_pieces(context))}\n```"
    yield from (prose(" ".join(text.split())) for text in (command.help or "").split("\n\n"))
    records = (parameter.get_help_record(context) for parameter in command.get_params(context))
    yield f"```{{program}} {context.command_path}\n```"
    yield from (
        f"```{{option}} {term}\n{prose(text)}\n```" for term, text in filter(None, records) if text
    )
    if isinstance(command, click.Group):
        for below in command.commands.values():
            yield f"## {context.command_path} {below.name}"
            yield from usage(below, context, str(below.name))


def prose(text: str) -> str:
    r"""A sentence of help, with what people type set as code.

    >>> prose("as for sweep: --alpha 0.25:1:0.25. [default: 2]")
    'as for sweep: `--alpha 0.25:1:0.25`. \\[default: 2\\]'
    """
    parts = _TYPED.split(text)
    parts[::2] = map(markdown, parts[::2])
    parts[1::2] = ("`" + part.strip("'") + "`" for part in parts[1::2])
    return "".join(parts)


def pages_with_examples(command: str) -> list[tuple[str, str]]:
    """The guides to a command, with their titles: the one that its title names, then by examples.

    Where no guide has an example in a console, those that mention the command.
    """
    texts = {path: source.read_text(encoding="utf-8") for source, path in guides().items()}
    titles = {path: text.partition("\n")[0].removeprefix("# ") for path, text in texts.items()}
    in_title = re.compile(rf"`(costcalc )?{command}`")
    for place in (r"^(?:\$ | {4})?", "`"):
        pattern = re.compile(rf"{place}costcalc {command}\b", re.MULTILINE)
        times = {path: len(pattern.findall(text)) for path, text in texts.items()}
        times |= {path: sys.maxsize for path in titles if in_title.search(titles[path])}
        if any(times.values()):
            paths = sorted(filter(times.get, times), key=lambda path: -times[path])
            return [(path, titles[path]) for path in paths]
    return []


def commands_of_guides() -> dict[str, list[str]]:
    """The guides that are the first of some commands, with these."""
    guides: dict[str, list[str]] = {}
    for name in COMMANDS:
        (path, _), *_ = pages_with_examples(name)
        guides.setdefault(path, []).append(name)
    return guides


def with_commands(page: str, names: Iterable[str]) -> str:
    """A guide with links to the pages of its commands, below its title."""
    links = ", ".join(f"[costcalc {name}](commands/{name}.md)" for name in names)
    title, _, text = page.partition("\n")
    return f"{title}\n\nAll options: {links}.\n{text}"


# Python


def reference() -> Group:
    """The package's functions, classes, answers and errors, from their docstrings."""
    public = [getattr(costcalc, name) for name in costcalc.__all__]
    functions = list(filter(isfunction, public))
    classes = list(filter(isclass, public))
    errors = [thing for thing in classes if issubclass(thing, Exception | Warning)]
    answers = [thing for thing in answers_of(functions) if thing not in classes]
    pages = {
        "functions": autodoc("Functions", "function", functions),
        "networks": autodoc(
            "Networks and costs", "class", (each for each in classes if each not in errors)
        ),
        "answers": autodoc("Answers", "class", answers),
        "errors": autodoc("Errors", "exception", errors),
    }
    rows = (f"| {{py:func}}`costcalc.{each.__name__}` | {first_line(each)} |" for each in functions)
    head = "\n".join(("# Python reference", "", "| function | what it gives |", "|---|---|", *rows))
    return Group("python", "Python reference", f"{head}\n", pages)


def first_line(thing: Any) -> str:
    """What a docstring says first."""
    return markdown(thing.__doc__.partition("\n")[0])


def answers_of(functions: Iterable[Any]) -> list[type]:
    """The classes of answers, and whatever else the functions return, by name."""
    returned = re.findall(r"\w+", " ".join(f.__annotations__["return"] for f in functions))
    classes = {
        thing
        for module in walk_packages(costcalc.__path__, "costcalc.")
        if not re.search(r"importers\.torch|__main__|pytest_plugin", module.name)
        for thing in vars(import_module(module.name)).values()
        if isclass(thing) and thing.__module__.startswith("costcalc.")
    }
    answers = {each for each in classes if issubclass(each, Answer) or each.__name__ in returned}
    return sorted(answers, key=lambda answer: (answer is not Answer, answer.__name__))


def autodoc(title: str, role: str, things: Iterable[Any]) -> str:
    """A page of what Sphinx reads from docstrings."""
    members = "" if role == "function" else "\n   :members:"
    parts = []
    for thing in things:
        is_public = getattr(costcalc, thing.__name__, None) is thing
        module = "costcalc" if is_public else thing.__module__
        parts.append(f".. auto{role}:: {module}.{thing.__name__}{members}")
    body = "\n\n".join((".. py:currentmodule:: costcalc", *parts))
    return f"# {title}\n\n```{{eval-rst}}\n{body}\n```\n"


# What ships


def listed(folder: str, title: str, question: Callable[..., Any]) -> Group:
    """A page for each file of a folder of data, with what its question answers."""
    names = [row["name"] for row in question().data()[folder]]
    pages = {}
    for name in names:
        path = f"costcalc/{folder}/{name}.yaml"
        pages[name] = f"{question(name).rendered('markdown')}\n{yaml_file(path)}"
    head = question().rendered("markdown").partition("\n")[2]
    return Group(folder, title, linked(f"# {title}\n{head}", pages), pages)


def network_pages() -> dict[str, str]:
    """A page for each network that ships."""
    return {spec["name"]: network_page(spec) for spec in specs()}


@cache
def networks() -> list[dict[str, Any]]:
    """The networks that ship, with those that are other settings of one."""
    rows: list[dict[str, Any]] = costcalc.networks().data()["networks"]
    return rows


def specs() -> list[dict[str, Any]]:
    """The networks that ship, without those that are other settings of one."""
    return [row for row in networks() if row["name"] == row["spec"]]


def network_page(spec: Mapping[str, Any]) -> str:
    """The page of a network: what it costs, its variants, what can be set, its spec."""
    name = spec["name"]
    title, _, costs = (
        costcalc.report(name).rendered("markdown", TableOptions(by="type")).partition("\n")
    )
    _, _, parameters = costcalc.parameters(name).rendered("markdown").partition("| Parameter ")
    sections = [
        title,
        f"`{name}`, family {spec['family']}, {spec['year']}. "
        f'<a href="../interactive/{name}.html">Its interactive page</a> shows it at any settings.',
        costs.strip(),
        *variants_of(spec),
        f"## Parameters\n\n| Parameter {parameters.strip()}",
        yaml_file(f"specs/{name}.yaml"),
    ]
    return "\n\n".join(sections)


def variants_of(spec: Mapping[str, Any]) -> Iterator[str]:
    """A table of the names that are this network at other settings, if there are any."""
    lines = []
    for row in networks():
        if row["spec"] != spec["name"] or row is spec:
            continue
        settings = ", ".join(
            f"{name}={str(value).lower() if isinstance(value, bool) else value}"
            for name, value in row["parameters"].items()
            if value != spec["parameters"].get(name) and value is not None
        )
        top1 = row.get("accuracy", {}).get("top1", "")
        mult_adds, params = row["totals"]["mult_adds"], row["totals"]["params"]
        cells = (markdown(settings), str(top1), f"{mult_adds:,}", f"{params:,}")
        lines.append(f"| `{row['name']}` | {' | '.join(cells)} |")
    if lines:
        yield "## Variants"
        head = (
            "| name | other settings | top-1, % | mult-adds | params |",
            "|---|---|--:|--:|--:|",
        )
        yield "\n".join((*head, *lines))


def yaml_file(path: str) -> str:
    """The text of a file of the tree."""
    text = (ROOT / path).read_text(encoding="utf-8")
    return f"## The file\n\n[{path}]({REPOSITORY}/{path})\n\n````yaml\n{text}````\n"


def linked(text: str, names: Iterable[str], folder: str = "") -> str:
    """A page with tables whose first cells lead to the pages of that name."""
    for name in names:
        cell = rf"^\| `?({re.escape(markdown(name))}|{re.escape(name)})`? \|"
        text, count = re.subn(cell, rf"| [{name}]({folder}{name}.md) |", text, flags=re.MULTILINE)
        if not count:
            raise ValueError(f"no table has {name} in its first column")
    return text


if __name__ == "__main__":
    write(Path(sys.argv[1]))
