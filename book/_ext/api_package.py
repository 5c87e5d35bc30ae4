"""The API reference of a package, made from what the package offers.

`api-package` documents every name that a package exports, under the name by which readers call it,
grouped by the file that defines it. A new method or metric appears by itself.
"""

import importlib
import inspect
import re
import sys
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the metarec of this checkout


def own_names(module):
    """Public functions and classes that a module defines itself, in the order of its lines."""
    found = [
        (inspect.getsourcelines(value)[1], name)
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
        if documented(value)
    ]
    return [name for _, name in sorted(found)]


def contents(package, folders=True):
    """What a package offers: {module: names as readers call them}, in the order of its files.

    What the package exports is called package.name; all that a submodule defines, of which the
    package exports the module itself, is called package.module.name. Without `folders` only what
    the package's own files define is named.
    """
    outer = importlib.import_module(package)
    values = {name: getattr(outer, name) for name in outer.__all__}
    modules = {value for value in values.values() if inspect.ismodule(value)}
    defining = {sys.modules[v.__module__] for v in values.values() if documented(v)}
    found = {}
    for module in sorted(modules | defining, key=place):
        inside = module.__name__.removeprefix(f"{package}.")
        if not folders and ("." in inside or hasattr(module, "__path__")):
            continue
        names = own_names(module)
        if module in modules and not set(names) <= set(values):
            found[module] = [f"{module.__name__}.{name}" for name in names]
        elif names := [f"{package}.{name}" for name in names if name in values]:
            found[module] = names
    return found


def documented(value):
    """Whether there is something to document."""
    return inspect.isclass(value) or inspect.isfunction(value)


def place(module):
    """Files of the package itself come before those of folders inside, each in their order."""
    return module.__name__.count("."), module.__name__


def resolve(name):
    """The object that a dotted name stands for."""
    parts = name.split(".")
    value = importlib.import_module(parts[0])
    for part in parts[1:]:
        value = getattr(value, part)
    return value


def lines(names):
    """Autodoc directives for names, as a block that MyST hands to the reST parser."""
    yield "```{eval-rst}"
    for name in names:
        if inspect.isclass(resolve(name)):
            yield from (f".. autoclass:: {name}", "   :members:", "")
        else:
            yield from (f".. autofunction:: {name}", "")
    yield "```"


class ApiPackage(SphinxDirective):
    """`{api-package} metarec.data`; `:own-files:` leaves out what folders inside define."""

    required_arguments = 1
    option_spec = {"own-files": directives.flag}

    def run(self):
        self.env.note_reread()
        found = nodes.container(classes=["api-package"])
        for module, names in contents(self.arguments[0], "own-files" not in self.options).items():
            summary = inspect.getdoc(module).partition("\n")[0].replace("`", "")
            found += nodes.rubric(text=re.sub(r" \w+ in chapter \d\d\.$", "", summary))
            source = f"{module.__name__} (made by api-package)"
            self.state.nested_parse(StringList(list(lines(names)), source), 0, found)
        return found.children


def setup(app):
    app.add_directive("api-package", ApiPackage)
    return {"parallel_read_safe": True}
