"""The commands of a working day, each in an environment of its own: ``nox --list``.

``.ci/run`` runs ``lint``, ``types``, ``tests``, ``site``, ``fuzz``, ``editor``, ``browser`` and
``judges``, so that what passes here passes there. Arguments behind ``--`` go on to the tool:
``nox -s quick -- tests/kinds -k conv``.
"""

import re
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.default_venv_backend = "venv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", "quick"]

README = Path("README.md").read_text(encoding="utf-8")
PROJECT = nox.project.load_toml("pyproject.toml")["project"]


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff: style, docstrings, imports and format."""
    dev = PROJECT["optional-dependencies"]["dev"]
    session.install(*(each for each in dev if each.startswith("ruff")))
    session.run("ruff", "check", *(session.posargs or ["."]))
    session.run("ruff", "format", "--check", *(session.posargs or ["."]))


@nox.session
def types(session: nox.Session) -> None:
    """Mypy, as strict as it gets."""
    session.install("--editable", ".[dev]")
    session.run("mypy")


@nox.session
def quick(session: nox.Session) -> None:
    """The tests that take seconds: a dozen networks, every layer kind once."""
    session.install("--editable", ".[test]")
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def complete(session: nox.Session) -> None:
    """What a new layer kind, convention or format still lacks, and where."""
    session.install("--editable", ".[test]")
    session.run("python", "-m", "pytest", "-m", "complete", *session.posargs)


@nox.session(venv_backend="none")
def tests(session: nox.Session) -> None:
    """Every test, by the README's own command, in .venv."""
    session.run("bash", "-c", command("test"), external=True)


@nox.session
def fuzz(session: nox.Session) -> None:
    """A minute of random inputs and command lines; another seed or count behind ``--``."""
    session.install("--editable", ".[test]")
    asked = session.posargs or ["--seed", "1", "--count", "20000", "--jobs", "2"]
    session.run("python", "-m", "tests.fuzz", *asked)


@nox.session(venv_backend="none")
def judges(session: nox.Session) -> None:
    """PyTorch, its exporters and its models as judges, by the README's own command, in .judges."""
    session.run("bash", "-c", command("frameworks"), external=True)


def from_npm(session: nox.Session, *packages: str) -> Path:
    """The folder of the modules of some packages of npm, installed for a session."""
    folder = Path(session.create_tmp()).absolute()
    session.run("npm", "install", "--silent", "--prefix", str(folder), *packages, external=True)
    return folder / "node_modules"


@nox.session
def editor(session: nox.Session) -> None:
    """yaml-language-server, as editors run it, on specs with the schema; it needs npm."""
    session.install("--editable", ".[test]")
    server = from_npm(session, LANGUAGE_SERVER) / ".bin" / "yaml-language-server"
    session.run(
        *("python", "-m", "pytest", "tests/editor", *session.posargs),
        env={"YAML_LANGUAGE_SERVER": str(server)},
    )


LANGUAGE_SERVER = "yaml-language-server@1.25.0"
"""What tests/editor was written with."""


@nox.session
def browser(session: nox.Session) -> None:
    """Interactive pages in Chromium, which has to be installed, and the notebooks; needs npm."""
    session.install("--editable", ".[browser]")
    modules = from_npm(session, AXE, TERSER)
    terser = modules / ".bin" / "terser"
    axe = modules / "axe-core" / "axe.min.js"
    session.run(
        *("python", "-m", "pytest", "tests/browser", *session.posargs),
        env={"AXE_CORE": str(axe), "TERSER": str(terser)},
    )


AXE = "axe-core@4.14.1"
"""What checks that pages can be read by everybody."""

TERSER = "terser@5.51.4"
"""What makes the scripts of pages short."""


@nox.session
def scripts(session: nox.Session) -> None:
    """Write the short scripts that pages carry anew, in costcalc/webpage/minified; needs npm."""
    session.install("--editable", ".")
    terser = from_npm(session, TERSER) / ".bin" / "terser"
    session.run("python", "tools/make_scripts.py", env={"TERSER": str(terser)})


@nox.session
def docs(session: nox.Session) -> None:
    """Write the generated pages anew, and run every example of the README and the guides."""
    session.install("--editable", ".[test]")
    for script in SCRIPTS:
        session.run("python", f"tools/{script}.py")
    session.run("python", "-m", "pytest", "-m", "slow or not slow", *DOCS)


SCRIPTS = (
    "make_kinds",
    "make_conventions",
    "make_importers",
    "make_names",
    "make_collection",
    "make_pictures",
    "make_schemas",
)
"""What writes the generated pages and pictures."""

DOCS = [
    "tests/test_readme.py",
    "tests/test_site.py",
    "tests/test_contributing.py",
    "tests/test_glossary.py",
    "tests/test_pictures.py",
    "tests/test_python_examples.py",
    "tests/costs/test_page_of_conventions.py",
    "tests/kinds/test_pages.py",
    "tests/schemas/test_stored.py",
    "tests/spec/test_language_page.py",
]
"""Tests of pages."""


@nox.session
def site(session: nox.Session) -> None:
    """The documentation as a site, in build/site/html; what is a warning elsewhere is an error."""
    session.install("--editable", ".[site]")
    source, html = "build/site/source", "build/site/html"
    session.run("python", "tools/make_site.py", source)
    session.run("sphinx-build", "--quiet", "--fail-on-warning", "--keep-going", source, html)
    session.run("python", "tools/check_site.py", html)


@nox.session
def build(session: nox.Session) -> None:
    """The wheel and the source distribution of a release, in dist/, and the wheel tried out."""
    shutil.rmtree("dist", ignore_errors=True)
    session.install("build")
    session.run("python", "-m", "build", "--outdir", "dist")
    (wheel,) = Path("dist").glob("*.whl")
    session.install("--force-reinstall", str(wheel))
    session.run("costcalc", "report", "mobilenet_v1", "--by", "type")


def command(name: str) -> str:
    """A command of the README, by the marker above it, as a reader would copy it."""
    (found,) = re.findall(rf"<!-- {name} command -->\n```sh\n(python3 .*)\n```", README)
    return str(found)
