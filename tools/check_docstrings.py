"""Check the docstrings of public names: `python tools/check_docstrings.py [FILES]`.

Every name without a leading underscore says what it does in one sentence. What a room exports, and
every docstring that has sections at all, describes each parameter and what is returned and raised,
and gives the shape of each array as `[users, k]`; methods and metrics name their source. What
every method has may leave its parameters to the contract in metarec/models/base.py.
"""

import ast
import re
import sys
from pathlib import Path

from chapters import ROOT
from numpydoc.docscrape import NumpyDocString

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
    """Names that the rooms offer to readers."""
    sys.path.insert(0, str(ROOT))
    import metarec

    rooms = (metarec, metarec.book, metarec.data, metarec.models, metarec.evaluation)
    return {name for room in rooms for name in room.__all__}


def public_names(tree):
    """Module-level functions and classes, and their methods, with the class they belong to."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node, None
            if isinstance(node, ast.ClassDef):
                for inner in node.body:
                    if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_"):
                        yield inner, node


def decorators(node):
    """Names of a function's decorators."""
    return {ast.unparse(d.func if isinstance(d, ast.Call) else d) for d in node.decorator_list}


def described(entries):
    """Parameters of a docstring section by name: `a, b : array` describes two."""
    found = {}
    for entry in entries:
        text = " ".join([entry.name, entry.type, *entry.desc])
        for name in re.split(r",\s*", entry.name):
            found[name.strip().lstrip("*")] = text
    return found


def own_nodes(function):
    """What a function's body holds, without the functions inside it."""
    queue = list(function.body)
    while queue:
        node = queue.pop()
        yield node
        inner = (ast.FunctionDef, ast.Lambda, ast.ClassDef)
        queue += [n for n in ast.iter_child_nodes(node) if not isinstance(n, inner)]


def raised(function):
    """Exceptions that a function itself raises by name."""
    names = set()
    for node in own_nodes(function):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            names.add(ast.unparse(node.exc.func).split(".")[-1])
    return {n for n in names if n[0].isupper()} - {"NotImplementedError", "StopIteration"}


def arguments(function, owner):
    """Arguments with their annotations as text."""
    rows = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    rows += [a for a in (function.args.vararg, function.args.kwarg) if a]
    if owner is not None and "staticmethod" not in decorators(function):
        rows = rows[1:]
    return {a.arg: ast.unparse(a.annotation) if a.annotation else "" for a in rows}


def check_summary(doc):
    """A first sentence, complete."""
    summary = " ".join(doc["Summary"]).strip()
    if not summary:
        return ["no summary"]
    return [] if summary[-1] in ".:?" else ["summary ends without a full stop"]


def check_parameters(wanted, doc):
    """Every argument is described, nothing else is, and arrays have shapes."""
    given = described([*doc["Parameters"], *doc["Other Parameters"]])
    given |= {n: t for n, t in described(doc["Attributes"]).items() if n in wanted}
    said = [f"does not describe {name}" for name in wanted if name not in given]
    said += [f"describes {name}, which is no parameter" for name in given if name not in wanted]
    for name, annotation in wanted.items():
        plain = re.sub(r"\[.*\]", "", annotation)  # a list of arrays has no one shape
        if ARRAY.search(plain) and name in given and not SHAPE.search(given[name]):
            said.append(f"no shape for {name}")
    return said


def check_result(function, doc):
    """What is returned and raised."""
    annotation = ast.unparse(function.returns) if function.returns else ""
    entries = [*doc["Returns"], *doc["Yields"]]
    said = []
    if annotation not in ("", "None", "Self", "NoReturn") and not entries:
        said.append("does not say what it returns")
    text = " ".join(" ".join([e.name, e.type, *e.desc]) for e in entries)
    if entries and re.search(r"ndarray|Tensor", annotation) and not SHAPE.search(text):
        said.append("no shape for what it returns")
    listed = " ".join(" ".join([e.name, e.type]) for e in doc["Raises"])
    said += [f"raises {n} without saying so" for n in sorted(raised(function)) if n not in listed]
    return said


def check_function(function, owner, name, offered):
    """All complaints about one function or method."""
    text = ast.get_docstring(function)
    if not text:
        is_contract = owner is not None and function.name in CONTRACT and owner.bases
        return [] if is_contract else ["has no docstring"]
    doc = NumpyDocString(text)
    said = check_summary(doc)
    if decorators(function) & {"property", "cached_property", "functools.cached_property"}:
        return said
    if "app.command" in decorators(function):  # typer shows each argument's own help
        return said
    if (owner or function).name not in offered and not SECTIONS.search(text):
        return said
    said += check_parameters(arguments(function, owner), doc)
    said += check_result(function, doc)
    if name in SOURCED and owner is None:
        said += check_source(doc, text)
    return said


def check_class(node, name):
    """A class describes what it is made from; a method of the book names its source."""
    text = ast.get_docstring(node)
    if not text:
        return ["has no docstring"]
    doc = NumpyDocString(text)
    said = check_summary(doc)
    made = next((f for f in node.body if getattr(f, "name", "") == "__init__"), None)
    if made is not None and ast.get_docstring(made) is None:
        said += check_parameters(arguments(made, node), doc)
    is_method = any(ast.unparse(base) == "Method" for base in node.bases)
    if is_method and name not in UNSOURCED:
        said += check_source(doc, text)
    return said


def check_source(doc, text):
    """A paper, a book, or a sentence that says where it comes from."""
    return [] if doc["References"] or re.search(r"(?i)\bsource\b", text) else ["no source"]


def complaints(source, name, offered):
    """What is wrong with the docstrings of a module, of which some names are offered to readers."""
    tree = ast.parse(source)
    said = [] if ast.get_docstring(tree) else [f"{name}: has no docstring"]
    for node, owner in public_names(tree):
        label = f"{owner.name}.{node.name}" if owner else node.name
        if owner is not None and owner.name.startswith("_"):
            continue
        found = (
            check_class(node, name)
            if isinstance(node, ast.ClassDef)
            else check_function(node, owner, name, offered)
        )
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
