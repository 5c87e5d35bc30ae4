"""A `mermaid` directive that draws diagrams with the script in `_static/vendor`, also over file://.

The alternative text is required. In the diagram, `href "chapter:07"` links to the notebook of
chapter 07; while that chapter does not exist, the link is left out.
"""

import re
from html import escape
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

CLICK = re.compile(r'^\s*click\s+\S+\s+href\s+"chapter:(\d\d)".*\n?', re.MULTILINE)
SCRIPTS = ("vendor/mermaid/mermaid.min.js", "mermaid_local.js")


class mermaid(nodes.General, nodes.Element):
    """A diagram: its source and its alternative text."""


class Mermaid(SphinxDirective):
    """A diagram with the option `alt`, which says in words what it shows."""

    has_content = True
    option_spec = {"alt": directives.unchanged_required}

    def run(self):
        if not self.options.get("alt"):
            raise self.error("a mermaid diagram needs :alt: text for those who cannot see it")
        return [mermaid(code="\n".join(self.content) + "\n", alt=self.options["alt"])]


def link_chapters(code, builder, docname):
    """Replace chapter:NN by the address of that chapter's page, or drop the line."""

    def link(match):
        start = f"notebooks/{match[1]}_"
        page = next((name for name in builder.env.found_docs if name.startswith(start)), None)
        if page is None:
            return ""
        return match[0].replace(f"chapter:{match[1]}", builder.get_relative_uri(docname, page))

    return CLICK.sub(link, code)


def visit_html(self, node):
    code = link_chapters(node["code"], self.builder, self.builder.current_docname)
    first, _, rest = code.partition("\n")
    titled = f"{first}\naccTitle: {node['alt']}\n{rest}"
    self.body.append(f'<pre class="mermaid">{escape(titled)}</pre>\n')
    raise nodes.SkipNode


def visit_other(self, node):
    self.add_text(node["alt"]) if hasattr(self, "add_text") else None
    raise nodes.SkipNode


def add_scripts(app, pagename, templatename, context, doctree):
    """Load the 3.5 MB script on the pages that draw something, and nowhere else."""
    if doctree is not None and any(doctree.findall(mermaid)):
        for script in SCRIPTS:
            app.add_js_file(script)


def setup(app):
    app.add_node(mermaid, html=(visit_html, None), text=(visit_other, None),
                 latex=(visit_other, None))  # fmt: skip
    app.add_directive("mermaid", Mermaid)
    app.connect("html-page-context", add_scripts)
    return {"version": Path(__file__).stat().st_mtime_ns, "parallel_read_safe": True}
