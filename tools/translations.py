"""Keep the Chinese pages in step with the English: `python tools/translations.py [--record]`.

A translation says of each of its sources what that was when it was translated, in a line such as
`<!-- translated from book/faq.md, sha256 0123456789ab -->`. Without an argument the tool lists the
sources that have changed since; translate the difference, and `--record` writes the new hashes.
A source is a file, or a chapter, of which the title, the opening box and the take-aways count.
"""

import hashlib
import re
import sys

from chapters import ROOT, chapters, read, tags

RECORD = re.compile(r"translated from (?P<source>.+?), sha256 (?P<hash>[0-9a-f]{12})\b")
GENERATED = re.compile(r"<!-- results:.*?<!-- end of results -->", re.DOTALL)  # not translated
ABSTRACTS = "book/zh/chapters.md"


def translations(root=ROOT):
    """The files that were translated."""
    return [root / "README.zh.md", *sorted((root / "book" / "zh").glob("*.*"))]


def abridged(notebook):
    """What the abstract of a chapter rests on: its title, its opening box and its take-aways."""
    first = next(cell for cell in notebook.cells if cell.cell_type == "markdown")
    rest = [
        cell for cell in notebook.cells
        if "opening" in tags(cell) or cell.source.startswith("## Take-aways")
    ]  # fmt: skip
    return "\n\n".join(cell.source for cell in (first, *rest))


def text_of(source, root=ROOT):
    """The English text of a source, without what is written by a program."""
    if source.startswith("chapter "):
        (path,) = chapters([source.removeprefix("chapter ")], root / "notebooks")
        return abridged(read(path.with_suffix(".py")))
    return GENERATED.sub("", (root / source).read_text(encoding="utf-8"))


def hash_of(source, root=ROOT):
    """Twelve digits that change when the source does."""
    return hashlib.sha256(text_of(source, root).encode()).hexdigest()[:12]


def differences(path, root=ROOT):
    """What has to be translated again, in sentences that say what to do."""
    records = list(RECORD.finditer(path.read_text(encoding="utf-8")))
    name = path.relative_to(root).as_posix()
    if not records:
        yield f"{name} does not say what it was translated from: see tools/translations.py"
    for found in records:
        if hash_of(found["source"], root) != found["hash"]:
            yield (
                f"{found['source']} has changed since {name} was translated: translate the "
                "difference, then run `python tools/translations.py --record`"
            )


def missing_abstracts(root=ROOT):
    """Chapters of which there is no Chinese abstract."""
    text = (root / ABSTRACTS).read_text(encoding="utf-8")
    for path in chapters(folder=root / "notebooks"):
        number = path.name[:2]
        if f"(zh-{number})=\n" not in text or f"translated from chapter {number}," not in text:
            yield f"chapter {number} has no abstract in {ABSTRACTS}: add it, like its neighbours"


def record(path, root=ROOT):
    """Write the present hashes into a translation."""

    def renewed(found):
        return f"translated from {found['source']}, sha256 {hash_of(found['source'], root)}"

    text = path.read_text(encoding="utf-8")
    path.write_text(RECORD.sub(renewed, text), encoding="utf-8")


def main(arguments):
    """List what is out of step, or record that all is in step."""
    if "--record" in arguments:
        for path in translations():
            record(path)
    said = [one for path in translations() for one in differences(path)]
    said += missing_abstracts()
    print("\n".join(said) or "The Chinese pages are in step with the English ones.")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
