r"""Text made safe for where it is printed: names from specs and models are untrusted.

A function for each output in which some characters are more than text.  Each of them also
escapes what :func:`printable` does, and keeps the text on one line.  File formats that are
read back have their own syntax instead: YAML in :mod:`costcalc.specwriter.yaml`, prototxt
and protobuf in :mod:`costcalc.formats`, JSON in Python's own module.
"""

from __future__ import annotations

LINE = 2000
"""Characters printed of one line of a message or a title."""

NAME = 60
"""Characters shown of a name in a picture."""


def printable(text: str) -> str:
    r"""Text for a terminal: control, bidirectional and invisible characters are escaped.

    >>> printable("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in text
    )


def shortened(text: str, most: int = LINE) -> str:
    """Text of at most about ``most`` characters; a longer one loses its middle.

    >>> shortened("a" * 50 + "b" * 50, 10)
    'aaaaa...bbbbb'
    """
    return text if len(text) <= most else f"{text[: most // 2]}...{text[-(most // 2) :]}"


def label(text: str) -> str:
    """A name in a picture: printable, and of a length that leaves room for the picture."""
    return printable(shortened(text, NAME))


def spreadsheet(text: str) -> str:
    """Text for CSV, in quotes if a spreadsheet would take it for a formula.

    >>> spreadsheet("=cmd()"), spreadsheet("conv1")
    ("'=cmd()", 'conv1')
    """
    safe = printable(text)
    return f"'{safe}" if safe.startswith(_FORMULAS) else safe


_FORMULAS = tuple("=+-@＝＋－＠")
"""What begins a formula in a spreadsheet, full-width letters too."""


def markdown(text: str) -> str:
    r"""Text for Markdown outside code.

    >>> markdown("a|b_c")
    'a\\|b\\_c'
    """
    return printable(text).translate(_MARKDOWN)


_MARKDOWN = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>#|~$&"})


def latex(text: str) -> str:
    r"""Text for LaTeX outside formulas.

    >>> latex("10 % of a_b")
    '10 \\% of a\\_b'
    """
    return printable(text).translate(_LATEX)


_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "&": r"\&",
        "#": r"\#",
        "%": r"\%",
        "_": r"\_",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        "[": "{[}",  # or the \\ of the row above would take it for its optional argument
        "×": r"$\times$",
    }
)


def html(text: str) -> str:
    """Text for HTML, in elements and in quoted attributes.

    >>> html("a<b")
    'a&lt;b'
    """
    return printable(text).translate(_HTML)


_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})


def json_island(text: str) -> str:
    r"""JSON for a ``script`` element of HTML, which it can neither end nor comment out.

    >>> json_island('"</script>"')
    '"\\u003c/script\\u003e"'
    """
    return text.translate(_ISLAND)


_ISLAND = str.maketrans(
    {
        character: f"\\u{ord(character):04x}"
        for character in "<>&\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}"
    }
)


def mermaid(text: str) -> str:
    r"""Text for a quoted label of Mermaid: its own and HTML's special characters as entities.

    Mermaid breaks lines at ``\n`` and looks for directives, ``%%{...}%%``, in labels too.

    >>> mermaid('"1x1" <b>')
    '#34;1x1#34; #60;b#62;'
    """
    return printable(text).translate(_MERMAID)


_MERMAID = str.maketrans({character: f"#{ord(character)};" for character in "#&<>\"'`;\\%"})


def dot(text: str) -> str:
    r"""Text for a quoted string of Graphviz, which reads HTML's entities in labels.

    >>> dot('a "b" &lt;')
    'a \\"b\\" &amp;lt;'
    """
    return quoted(text).replace("&", "&amp;")


def quoted(text: str) -> str:
    r"""Text for a string in double quotes, as in Python and in YAML.

    >>> quoted('say "hi"')
    'say \\"hi\\"'
    """
    return printable(text).replace("\\", "\\\\").replace('"', '\\"')


def workflow(text: str, more: str = "") -> str:
    """Text for a workflow command of GitHub: per cent signs, line ends and ``more``.

    >>> workflow("100 %, a", ",")
    '100 %25%2C a'
    """
    for character in "%" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return "%0A".join(map(printable, text.split("\n")))
