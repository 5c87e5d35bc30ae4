// Draws the diagrams of a page in the book's colours, and again when the reader switches between
// light and dark. Plain script, no module: modules do not load over file://.
(() => {
  mermaid.initialize({ startOnLoad: false }); // or it draws once by itself, before we look
  const sources = new Map();
  let queue = Promise.resolve();
  const color = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const draw = async () => {
    mermaid.initialize({
      startOnLoad: false,
      theme: "base",
      themeVariables: {
        fontFamily: getComputedStyle(document.body).fontFamily,
        fontSize: "16px",
        darkMode: document.documentElement.dataset.theme === "dark",
        background: color("--pst-color-background"),
        primaryColor: color("--mr-panel"),
        primaryBorderColor: color("--mr-line-strong"),
        primaryTextColor: color("--pst-color-text-base"),
        secondaryColor: color("--mr-panel-warm"),
        tertiaryColor: color("--pst-color-background"),
        lineColor: color("--pst-color-text-muted"),
        textColor: color("--pst-color-text-base"),
        edgeLabelBackground: color("--pst-color-background"),
      },
      flowchart: { curve: "basis", padding: 12 },
    });
    for (const [node, source] of sources) {
      node.textContent = source;
      node.removeAttribute("data-processed");
    }
    await mermaid.run({ querySelector: "pre.mermaid" });
  };

  addEventListener("load", () => {
    document.querySelectorAll("pre.mermaid").forEach((node) => sources.set(node, node.textContent));
    const again = () => { queue = queue.then(draw); };
    again();
    new MutationObserver(again).observe(document.documentElement, {
      attributes: true, attributeFilter: ["data-theme"],
    });
  });
})();
