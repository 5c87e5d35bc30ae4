// Small repairs that markup and style cannot make.
(() => {
  const SCROLLING = "mjx-container[display], pre, .pst-scrollable-table-container, .text_html";

  // What scrolls sideways must be reachable with the keyboard.
  const reach = () => document.querySelectorAll(`.bd-article :is(${SCROLLING})`).forEach((box) => {
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
  });

  addEventListener("DOMContentLoaded", () => {
    // Words of the other language are marked as such, for screen readers and for the right glyphs.
    document.querySelectorAll("dl.glossary dt, nav.bd-links :is(a, .caption)").forEach((words) => {
      const lang = /\p{Script=Han}/u.test(words.textContent) ? "zh-CN" : "en";
      if (lang !== document.documentElement.lang) words.lang = lang;
    });
    // The arrows that fold the contents have no name.
    document.querySelectorAll("nav.bd-links summary").forEach((arrow) => {
      const page = arrow.closest("li")?.querySelector("a")?.textContent.trim();
      arrow.setAttribute("aria-label", `Pages under ${page}`);
    });
    // docutils calls the bibliography a list, but its entries no list items.
    document.querySelectorAll(".citation-list").forEach((list) => list.removeAttribute("role"));
  });
  // Paper is light, and nobody can open a fold on it. The code of figures stays folded.
  const html = document.documentElement;
  let screen;
  addEventListener("beforeprint", () => {
    const folds = [...document.querySelectorAll(".bd-article details:not(.hide, [open])")];
    screen = { theme: html.dataset.theme, folds };
    html.dataset.theme = "light";
    folds.forEach((fold) => { fold.open = true; });
  });
  addEventListener("afterprint", () => {
    html.dataset.theme = screen.theme;
    screen.folds.forEach((fold) => { fold.open = false; });
  });

  addEventListener("load", () => {
    (window.MathJax?.startup?.promise ?? Promise.resolve()).then(reach);
    addEventListener("resize", () => requestAnimationFrame(reach));
    document.addEventListener("toggle", reach, true);
  });
})();
