"""How two kinds of notebook cells look on a page.

Cells tagged `say` are prose with computed numbers: the page shows the prose alone. Cells tagged
`claims` print lines such as "✓ holds   text: value (claimed: band)": the page shows a checklist.
"""

from docutils import nodes
from sphinx.transforms import SphinxTransform

from metarec.book.claims import PRINTED


def cells(document, tag):
    """The code cells of a document that carry a tag."""
    for node in document.findall(nodes.container):
        if "cell" in node["classes"] and f"tag_{tag}" in node["classes"]:
            yield node


def claim_item(match):
    """One claim: a tick, the text with its value, and the band below."""
    mark = nodes.inline(text="✓", classes=["mark"])
    said = nodes.paragraph("", "", mark, nodes.Text(match["text"]))
    if match["value"]:
        said += [nodes.Text(": "), nodes.inline(text=match["value"], classes=["value"])]
    said += nodes.inline(text=f"holds; claimed: {match['band']}", classes=["band"])
    return nodes.list_item("", said)


class ShowCells(SphinxTransform):
    """Drop the code of `say` cells; turn the printed claims of `claims` cells into a list."""

    default_priority = 800

    def apply(self):
        for cell in cells(self.document, "say"):
            for part in [n for n in cell.children if "cell_input" in n.get("classes", [])]:
                cell.remove(part)
        for cell in cells(self.document, "claims"):
            for block in list(cell.findall(nodes.literal_block)):
                lines = [line for line in block.astext().splitlines() if line.strip()]
                matches = [PRINTED.match(line) for line in lines]
                if lines and all(matches):
                    items = [claim_item(match) for match in matches]
                    block.replace_self(nodes.bullet_list("", *items, classes=["claims"]))


def setup(app):
    app.add_transform(ShowCells)
    return {"parallel_read_safe": True}
