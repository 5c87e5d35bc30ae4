"""The API reference of a room of the package, made from what the room offers.

`api-room` documents every name that the room exports, under the name by which readers call it,
grouped by the file that defines it. A new method or metric appears by itself.
"""

import importlib
import inspect
import re
import sys
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the metarec of this checkout


def own_names(module):
    """Public functions and classes that a module defines itself, in the order of its lines."""
    found = [
        (inspect.getsourcelines(value)[1], name)
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
        if inspect.isclass(value) or inspect.isfunction(value)
    ]
    return [name for _, name in sorted(found)]


def contents(room, first=()):
    """What a room offers: {module: names as readers call them}, modules in `first` in front.

    What the room exports is called room.name; all that a submodule defines, of which the room
    exports the module itself, is called room.module.name.
    """
    package = importlib.import_module(room)
    offered = getattr(package, "__all__", None)
    if offered is None:
        return {package: [f"{room}.{name}" for name in own_names(package)]}
    values = {name: getattr(package, name) for name in offered}
    modules = {value for value in values.values() if inspect.ismodule(value)}
    defining = {sys.modules[v.__module__] for v in values.values() if hasattr(v, "__module__")}
    found = {}
    for module in sorted(modules | defining, key=lambda m: (place(m, first), m.__name__)):
        names = own_names(module)
        if module in modules and not set(names) <= set(values):
            found[module] = [f"{module.__name__}.{name}" for name in names]
        else:
            found[module] = [f"{room}.{name}" for name in names if name in values]
    return found


def place(module, first):
    """The position of a module in the wanted order."""
    name = module.__name__.rpartition(".")[2]
    return first.index(name) if name in first else len(first)


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


class ApiRoom(SphinxDirective):
    """`{api-room} metarec.data`; the content names the modules that come first, in order."""

    required_arguments = 1
    has_content = True

    def run(self):
        self.env.note_reread()
        first = " ".join(self.content).split()
        found = nodes.container(classes=["api-room"])
        for module, names in contents(self.arguments[0], first).items():
            summary = inspect.getdoc(module).partition("\n")[0].replace("`", "")
            found += nodes.rubric(text=re.sub(r" \w+ in chapter \d\d\.$", "", summary))
            source = f"{module.__name__} (made by api-room)"
            self.state.nested_parse(StringList(list(lines(names)), source), 0, found)
        return found.children


def setup(app):
    app.add_directive("api-room", ApiRoom)
    return {"parallel_read_safe": True}
