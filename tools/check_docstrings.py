"""Check the docstrings of public names: `python tools/check_docstrings.py [FILES]`.

Every name without a leading underscore says what it does in one sentence. What a package exports,
and every docstring that has sections at all, describes each parameter and what is returned:
numpydoc's own checks see to that. Ours are what it has no check for: what is raised, the shape of
each array as `[users, k]`, and the source of methods and metrics. What every method has may leave
its docstring to the contract in metarec/models/base.py.
"""

import ast
import re
import sys
from pathlib import Path

from chapters import ROOT
from numpydoc.hooks.validate_docstrings import AstValidator
from numpydoc.validate import validate

SENTENCE = {"GL08", "SS01", "SS03"}  # it is there, has a summary, which is a sentence
PARAMETERS = {"PR01", "PR02"}  # every parameter is described, and nothing else
RESULT = {"RT01", "YD01"}
ARRAY = re.compile(r"\b(?:np\.ndarray|ArrayLike|torch\.Tensor)")
SHAPE = re.compile(r"(?i)\[[^\]]*\]|\bshapes?\b|scalar|as in `|\blike `|one value")
SECTIONS = re.compile(r"(?m)^\s*(?:Parameters|Returns|Raises)\n\s*-{4,}$")
CONTRACT = {"fit", "predict", "knows", "item_scores"}  # described once, in models/base.py
SOURCED = ("metarec/evaluation/metrics.py", "metarec/evaluation/ranking.py")
UNSOURCED = {"metarec/models/base.py", "metarec/models/baselines.py", "metarec/models/cache.py"}


def public_files():
    """Modules of the package that readers may import."""
    return [p for p in sorted((ROOT / "metarec").rglob("*.py")) if not p.name.startswith("_")]


def exported():
    """Names that the packages offer to readers."""
    sys.path.insert(0, str(ROOT))
    import metarec

    packages = (metarec, metarec.book, metarec.data, metarec.models, metarec.evaluation)
    return {name for package in packages for name in package.__all__}


class Docstring(AstValidator):
    """What numpydoc knows of a docstring, for code that need not lie in a file."""

    def __init__(self, obj_name, node, owner=None):
        super().__init__(ast_node=node, filename="", obj_name=obj_name, ancestry=[owner])
        self._source_file = None

    @property
    def method_source(self):
        """The code, for the check of what is returned."""
        return ast.unparse(self.node)

    @property
    def signature_parameters(self):
        """The parameters; a class whose `__init__` speaks for itself, or has none, owes none."""
        made = [n for n in self.node.body if getattr(n, "name", "") == "__init__"]
        if self.is_class and (not made or ast.get_docstring(made[0])):
            return tuple(self.doc_all_parameters)
        return super().signature_parameters

    @property
    def doc_all_parameters(self):
        """Those of a class may stand among its attributes."""
        listed = {n.strip(): text for n, text in super().doc_all_parameters.items()}
        if self.is_class:
            wanted = super().signature_parameters
            attributes = self._doc_parameters(["Attributes"])
            listed |= {name: text for name, text in attributes.items() if name in wanted}
        return listed


def decorators(node):
    """Names of a function's decorators."""
    return {ast.unparse(d.func if isinstance(d, ast.Call) else d) for d in node.decorator_list}


def arrays_without_shape(function, doc):
    """Names of arrays, and "what it returns", of which no shape is told."""
    rows = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    wanted = {a.arg: ast.unparse(a.annotation) for a in rows if a.annotation}
    for name, (kind, words) in doc.doc_all_parameters.items():
        plain = re.sub(r"\[.*\]", "", wanted.get(name, ""))  # a list of arrays has no one shape
        if ARRAY.search(plain) and not SHAPE.search(" ".join([name, kind, *words])):
            yield name
    given = [*doc.returns, *doc.yields]
    text = " ".join(" ".join([entry.name, entry.type, *entry.desc]) for entry in given)
    annotation = ast.unparse(function.returns) if function.returns else ""
    if given and re.search(r"ndarray|Tensor", annotation) and not SHAPE.search(text):
        yield "what it returns"


def raised(function):
    """Exceptions that a function itself raises by name."""
    queue, names = list(function.body), set()
    while queue:
        node = queue.pop()
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            names.add(ast.unparse(node.exc.func).split(".")[-1])
        inner = (ast.FunctionDef, ast.Lambda, ast.ClassDef)
        queue += [n for n in ast.iter_child_nodes(node) if not isinstance(n, inner)]
    return {n for n in names if n[0].isupper()} - {"NotImplementedError", "StopIteration"}


def is_whole(node, owner, text, offered):
    """Whether a docstring owes its sections, and not only a sentence."""
    if isinstance(node, ast.ClassDef):
        return True
    shown = {"property", "cached_property", "functools.cached_property", "app.command"}
    is_offered = (owner or node).name in offered or SECTIONS.search(text)
    return is_offered and not decorators(node) & shown  # typer shows each argument's own help


def check(node, owner, label, name, offered):
    """All complaints about one function, method or class."""
    text = ast.get_docstring(node) or ""
    is_class = isinstance(node, ast.ClassDef)
    if not text and owner is not None and node.name in CONTRACT and owner.bases:
        return []
    doc, whole = Docstring(label, node, owner), is_whole(node, owner, text, offered)
    asked = SENTENCE | (PARAMETERS | RESULT if whole else set())
    errors = validate(label, Docstring, node=node, owner=owner)["errors"]
    said = [words for code, words in errors if code in asked]
    if whole and text and not is_class:
        said += [f"no shape for {what}" for what in arrays_without_shape(node, doc)]
        listed = " ".join(" ".join([e.name, e.type]) for e in doc.doc["Raises"])
        said += [f"raises {n} without saying so" for n in raised(node) if n not in listed]
    is_method = is_class and "Method" in map(ast.unparse, node.bases) and name not in UNSOURCED
    is_metric = whole and not is_class and owner is None and name in SOURCED
    if (is_method or is_metric) and not (
        doc.doc["References"] or re.search(r"(?i)\bsource\b", text)
    ):
        said.append("no source")
    return said


def public_names(tree):
    """Module-level functions and classes, and their methods, with the class they belong to."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node, None
            for inner in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_"):
                    yield inner, node


def complaints(source, name, offered):
    """What is wrong with the docstrings of a module, of which some names are offered to readers."""
    tree = ast.parse(source)
    said = [] if ast.get_docstring(tree) else [f"{name}: has no docstring"]
    for node, owner in public_names(tree):
        label = f"{owner.name}.{node.name}" if owner else node.name
        found = check(node, owner, label, name, offered)
        said += [f"{name}:{node.lineno} {label}: {one}" for one in found]
    return said


def name_of(path):
    """A file's path in the repository."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name


def main(files):
    """Print the complaints about the files, or about the whole package."""
    paths = [Path(f).resolve() for f in files] or public_files()
    texts = {p: p.read_text(encoding="utf-8") for p in paths}
    offered = exported()
    said = [c for p, text in texts.items() for c in complaints(text, name_of(p), offered)]
    print("\n".join(said) or f"{len(paths)} files: every public name says what it does.")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
