"""How Sphinx shows the documentation: tools/make_site.py puts this beside the pages."""

from sphinx.application import Sphinx

import costcalc

project = "costcalc"
author = "The costcalc maintainers"
project_copyright = "The costcalc maintainers, Apache License 2.0"
release = costcalc.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
smartquotes = False  # options begin with two hyphens
# A link that leads nowhere is a warning, and the build takes warnings for errors.
nitpicky = True
# Types of fields that have no page: Python's own, and costcalc's inner ones.
nitpick_ignore_regex = [("py:class", r"(collections|costcalc|fractions|typing)\..*")]

myst_heading_anchors = 4  # as GitHub names them

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = "costcalc"
html_copy_source = False
html_extra_path = ["extra"]
html_css_files = ["site.css"]
html_static_path = ["_static"]


def setup(app: Sphinx) -> None:
    """What Sphinx calls first."""
    app.connect("autodoc-process-docstring", plain_attribute, priority=400)  # before Napoleon


def plain_attribute(
    app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]
) -> None:
    """Begins an attribute with an empty comment, lest Napoleon takes words for its type."""
    if what in ("attribute", "property"):
        lines[:0] = ["..", ""]
