// The page "Try it": a newcomer's posterior, computed in the reader's browser. The first half is
// metarec.models.HierarchicalBayes for one person (chapter 10); a test compares the two to the
// sixth digit. The second half shows it. Nothing is sent or stored: ratings live in one Map.
(() => {
  const find = (name) => document.getElementById(`ti-${name}`);
  const root = document.getElementById("try-it"), model = globalThis.tryItModel;
  root.hidden = false;
  if (!model) {
    root.textContent = "The films did not load: model.js is missing. Build the book again.";
    return;
  }

  // ---------------------------------------------------------------- the model

  const noise = model.noise, [lowest, highest] = model.scale;
  const dot = (a, b) => a.reduce((sum, value, n) => sum + value * b[n], 0);
  const times = (matrix, vector) => matrix.map((row) => dot(row, vector));
  const outer = (a) => a.map((value) => a.map((other) => value * other));
  const trace = (a, b) => a.reduce((sum, row, n) => sum + dot(row, b[n]), 0); // of a b
  const tasteOnly = (matrix) => matrix.map((row, n) => row.map((value, m) => (n && m ? value : 0)));
  const within = (stars) => Math.min(highest, Math.max(lowest, stars));

  const films = model.films.map(([id, title, other, count, mean, w, lower]) => {
    const [bias, ...v] = w.map((value) => value * model.unit);
    const at = (n, m) => (n < m ? at(m, n) : model.unit * lower[(n * (n + 1)) / 2 + m]);
    const covariance = w.map((_, n) => w.map((_, m) => at(n, m))); // of (b, v)
    return { id, title, other, count, mean, bias, x: [1, ...v], covariance };
  });
  const byId = new Map(films.map((film) => [film.id, film]));

  /** Inverse of a symmetric positive definite matrix, by its Cholesky factor. */
  function inverse(matrix) {
    const root = matrix.map(() => []);
    matrix.forEach((row, n) => {
      for (let m = 0; m < n; m++) root[n][m] = (row[m] - dot(root[n], root[m].slice(0, m))) / root[m][m];
      root[n][n] = Math.sqrt(row[n] - dot(root[n], root[n]));
    });
    const columns = matrix.map((_, unit) => root.reduce((y, row, n) => // of the root's inverse
      [...y, ((n === unit) - dot(y, row)) / row[n]], []));
    return columns.map((a) => times(columns, a));
  }

  const priorPrecision = inverse(model.user_covariance);
  /** Mean and covariance of (b, p) after ratings [[film's id, stars], …]; the prior after none. */
  function believe(ratings) {
    let precision = priorPrecision, right = times(priorPrecision, model.user_mean);
    for (const [id, stars] of ratings) {
      const { bias, x, covariance } = byId.get(id), left = stars - model.global_mean - bias;
      const moment = outer(x), spread = tasteOnly(covariance); // the film is not known exactly
      precision = precision.map((row, n) => row.map((sum, m) => sum + (moment[n][m] + spread[n][m]) / noise));
      right = right.map((sum, n) => sum + (left * x[n] - (n && covariance[n][0])) / noise);
    }
    const covariance = inverse(precision);
    return { mean: times(covariance, right), covariance };
  }

  /** Mean and standard deviation of a rating that is still to come, its noise included. */
  function predict(belief, film) {
    const fromUser = trace(belief.covariance, outer(film.x));
    const fromFilm = trace(film.covariance, outer([1, ...belief.mean.slice(1)]));
    const fromBoth = trace(belief.covariance, tasteOnly(film.covariance));
    const mean = model.global_mean + film.bias + dot(film.x, belief.mean);
    return { mean, sd: Math.sqrt(noise + fromUser + fromFilm + fromBoth) };
  }

  /** Refuse what is no rating, in words. */
  function check(ratings) {
    for (const [id, stars] of ratings) {
      if (!byId.has(id)) throw new RangeError(`There is no film with the number ${id} here.`);
      if (stars !== within(stars)) throw new RangeError(`${stars} is not a rating from ${lowest} to ${highest} stars.`);
    }
  }

  /** The best films not rated yet. `moved`: what each rating brings, found by leaving it out. */
  function recommend(ratings, top = 10) {
    check(ratings);
    const rated = new Map(ratings), belief = believe(ratings);
    const without = ratings.map((_, gone) => believe(ratings.filter((_, n) => n !== gone)));
    return films.filter((film) => !rated.has(film.id))
      .map((film) => ({ film, ...predict(belief, film) }))
      .sort((a, b) => b.mean - a.mean || b.film.count - a.film.count).slice(0, top)
      .map(({ film, mean, sd }) => ({ film, mean, sd,
        interval: [-1, 1].map((sign) => within(mean + sign * model.reach * sd)),
        moved: without.map((other) => mean - predict(other, film).mean) }));
  }

  const short = (film) => film.title.replace(/ \(\d{4}\)$/, ""); // without the year
  const signed = (x) => `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(2)}`;

  /** The two ratings that moved a film most; where none did, what others say of it. */
  function reason({ film, moved }, ratings) {
    const order = [...moved.keys()].sort((a, b) => Math.abs(moved[b]) - Math.abs(moved[a])).slice(0, 2);
    const told = order.filter((n) => Math.abs(moved[n]) >= 0.005).map((n) => `${short(byId.get(ratings[n][0]))} ${signed(moved[n])}`);
    return told.join(", ") || `mean ${film.mean.toFixed(1)} from ${film.count} people`;
  }

  globalThis.tryIt = { believe, recommend, reason }; // for the test, and for the curious

  // ---------------------------------------------------------------- the page

  const ratings = new Map(), seen = new Set(); // seen: films that stood in the list before
  const SUGGESTED = 6, FOUND = 8, SPAN = 2; // SPAN: half the width of the plot, in stars
  let ranks = new Map(), active = -1;

  function make(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }
  const hidden = (text) => make("span", { class: "ti-hidden" }, text);
  function stretch(node, low, high, from, to) {
    const [left, right] = [low, high].map((x) => Math.min(1, Math.max(0, (x - from) / (to - from))));
    Object.assign(node.style, { left: `${100 * left}%`, width: `${100 * (right - left)}%` });
  }

  // ---- recommendations: ten rows that stay, so that nothing on the page jumps
  const rows = Array.from({ length: 10 }, () => {
    const names = { title: "span", mark: "span", stars: "strong", range: "i", mean: "i", ends: "span", reason: "p", rate: "button" };
    const row = Object.fromEntries(Object.entries(names).map(([name, tag]) => [name, make(tag, { class: `ti-${name}` })]));
    row.rate.textContent = "Rate";
    row.rate.addEventListener("click", () => add(row.id));
    find("best").append(make("li", {}, make("div", { class: "ti-head" }, row.title, row.mark), row.stars,
      make("div", { class: "ti-bar", "aria-hidden": "true" }, row.range, row.mean), row.ends, row.reason, row.rate));
    return row;
  });

  /** How a film moved since the last rating: a sign and words. */
  function mark(id, now) {
    const steps = ranks.get(id) - now;
    if (!ranks.size || steps === 0) return ["", ""];
    if (Number.isNaN(steps)) return ["new", ", new in the list"];
    return steps > 0 ? [`▲${steps}`, `, up ${steps}`] : [`▼${-steps}`, `, down ${-steps}`];
  }

  function showBest() {
    const entries = [...ratings], best = recommend(entries, rows.length);
    rows.forEach((row, n) => {
      const { film, mean, interval } = best[n], [sign, words] = mark(film.id, n);
      row.id = film.id;
      row.title.textContent = film.title;
      row.mark.replaceChildren(make("span", { "aria-hidden": "true" }, sign), hidden(words));
      row.stars.replaceChildren(within(mean).toFixed(2), hidden(" stars expected"));
      stretch(row.range, ...interval, lowest, highest);
      stretch(row.mean, mean, mean, lowest, highest);
      row.ends.replaceChildren(hidden("probably "), interval.map((end) => end.toFixed(1)).join(" to "));
      row.reason.textContent = reason(best[n], entries);
      row.rate.setAttribute("aria-label", `Rate ${film.title}`);
    });
    ranks = new Map(best.map(({ film }, n) => [film.id, n]));
    return best[0];
  }

  // ---- beliefs: what the ratings tell about the person, the prior behind in grey

  const taste = model.directions.map((ends) => ends.map((id) => byId.get(id)));
  const beliefs = [
    { ends: ["rating harshly", "rating mildly"], weights: model.user_mean.map((_, n) => +!n) },
    ...taste.map((pair) => ({ ends: pair.map(short), weights: pair[1].x.map((x, n) => x - pair[0].x[n]) })),
  ];
  for (const row of beliefs) {
    row.bars = ["prior", "range", "mean"].map((kind) => make("i", { class: `ti-${kind}` }));
    find("beliefs").append(make("div", { class: "ti-ends-of" }, ...row.ends.map((end) => make("span", {}, end))),
      make("div", { class: "ti-bar" }, ...row.bars));
  }

  /** Mean and ends of the interval of a weighted sum of (b, p), in stars. */
  function along({ mean, covariance }, weights) {
    const middle = dot(weights, mean), reach = model.reach * Math.sqrt(trace(covariance, outer(weights)));
    return { middle, low: middle - reach, high: middle + reach, sure: Math.abs(middle) / reach };
  }

  function showBeliefs() {
    const prior = believe([]), now = believe([...ratings]), told = beliefs.map(({ ends, weights, bars }) => {
      const before = along(prior, weights), after = along(now, weights), { low, middle, high } = after;
      [[before.low, before.high], [low, high], [middle, middle]].forEach((range, n) => stretch(bars[n], ...range, -SPAN, SPAN));
      return { ...after, towards: ends[+(middle > 0)], ends,
        words: `From ${ends.join(" to ")}: ${signed(middle)} stars, interval ${signed(low)} to ${signed(high)}.` };
    });
    const { towards, sure } = told.reduce((a, b) => (b.sure > a.sure ? b : a));
    find("finding").textContent = !ratings.size ? "Of you the model believes what it believes of anybody"
      : sure > 1 ? `You lean towards ${towards}, and that interval is clear of the middle`
        : `Perhaps you lean towards ${towards}, but no interval is clear of the middle yet`;
    find("beliefs-text").textContent = told.map(({ words }) => words).join(" ");
  }

  function update(before = "") {
    const { film, mean } = showBest(), n = ratings.size;
    showBeliefs();
    const count = n ? `${n} rating${n > 1 ? "s" : ""}` : "No rating yet";
    find("news").textContent = `${before}${count}. First now: ${film.title}, ${within(mean).toFixed(2)} stars.`;
  }

  // ---- the films to rate

  function rate(id, stars) {
    try {
      check([[id, stars]]);
      ratings.set(id, stars);
      update();
    } catch (error) {
      find("news").textContent = `${error.message} It was not taken.`;
    }
  }

  function rowOf(film) {
    const stars = [1, 2, 3, 4, 5].map((n) => make("label", {},
      make("input", { type: "radio", name: `ti-${film.id}`, value: n, autocomplete: "off" }),
      make("span", { "aria-hidden": "true" }, "★"), hidden(`${n} star${n > 1 ? "s" : ""}`)));
    const cross = make("button", { type: "button", "aria-label": `Remove ${film.title}` }, "×");
    const row = make("li", { id: `ti-film-${film.id}` }, make("fieldset", {}, make("legend", {}, film.title),
      make("div", { class: "ti-stars" }, ...stars)), cross);
    row.addEventListener("change", (event) => rate(film.id, Number(event.target.value)));
    cross.addEventListener("click", () => {
      ((row.nextElementSibling ?? row.previousElementSibling)?.querySelector("button") ?? input).focus();
      row.remove();
      ratings.delete(film.id);
      update(`${film.title} is removed. `);
    });
    seen.add(film.id);
    return row;
  }

  function add(id) {
    if (!find(`film-${id}`)) find("films").prepend(rowOf(byId.get(id)));
    const row = find(`film-${id}`);
    (row.querySelector(":checked") ?? row.querySelector("input")).focus();
    row.scrollIntoView({ block: "nearest" });
  }

  function suggest() {
    for (const row of [...find("films").children]) if (!row.querySelector(":checked")) row.remove();
    find("films").append(...films.filter((film) => !seen.has(film.id)).slice(0, SUGGESTED).map(rowOf));
  }

  function begin(words) {
    suggest();
    update(words);
  }
  find("others").addEventListener("click", () => begin("Here are other films to rate. "));
  find("again").addEventListener("click", () => {
    [ratings, seen, ranks].forEach((memory) => memory.clear());
    find("films").replaceChildren();
    begin("All is forgotten. ");
  });

  // ---- the search: a combobox with a list

  const plain = (text) => text.normalize("NFKD").replace(/[\p{M}’'`]/gu, "").toLowerCase().replace(/&/g, " and ")
    .replace(/[^\p{L}\p{N}]+/gu, " ").trim().replace(/^(the|an?) (?=.)/, "");
  const pairs = (text) => new Set([...text].map((letter, n) => letter + (text[n + 1] ?? "")));
  const keys = films.map((film) => [film.title, film.other].map(plain));
  const input = find("search"), list = find("found");

  /** Films with these words, best first; if there are none, those whose letters come nearest. */
  function search(query) {
    const best = (score, least) => films.map((film, n) => [Math.max(...keys[n].map(score)), film])
      .filter(([value]) => value >= least).sort((a, b) => b[0] - a[0]).slice(0, FOUND).map(([, film]) => film);
    const fits = (key) => query.split(" ").every((word) => ` ${key}`.includes(` ${word}`)) + key.startsWith(query);
    const mine = pairs(query), likeness = (key) => {
      const its = pairs(key.replace(/ \d{4}$/, ""));
      return (2 * [...mine].filter((pair) => its.has(pair)).length) / (mine.size + its.size);
    };
    const exact = query ? best(fits, 1) : [];
    return { exact, near: exact.length || query.length < 4 ? [] : best(likeness, 0.55) };
  }

  function open(wanted, n = -1) { // show or hide the list, with its n-th film marked
    list.hidden = !wanted;
    active = n;
    input.setAttribute("aria-expanded", String(wanted));
    input.setAttribute("aria-activedescendant", list.children[n]?.id ?? "");
    [...list.children].forEach((option, m) => option.setAttribute("aria-selected", String(m === n)));
    list.children[n]?.scrollIntoView({ block: "nearest" });
  }

  function look() {
    const text = input.value.trim(), { exact, near } = search(plain(text)), found = [...exact, ...near];
    list.replaceChildren(...found.map((film, n) => make("li", { role: "option", id: `ti-option-${n}`,
      "data-film": film.id }, film.title, make("small", {}, film.other))));
    open(found.length > 0);
    find("said").textContent = !text ? "" : exact.length ? `Films found: ${exact.length}. Choose with the arrow keys and Enter.`
      : near.length ? `No film here is called “${text}”. Did you mean one of these?`
        : plain(text) ? `No film here is called “${text}”. This page knows ${films.length} films, none after 2016.`
          : "That holds no letter and no digit. Type a part of a title.";
  }

  function clear(option) { // and if an option was chosen, take its film
    input.value = find("said").textContent = "";
    open(false);
    if (option) add(Number(option.dataset.film));
  }

  input.addEventListener("input", look);
  input.addEventListener("focusout", () => open(false));
  input.addEventListener("keydown", (event) => {
    const n = list.children.length, step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step && !["Enter", "Escape"].includes(event.key)) return;
    event.preventDefault();
    if (event.key === "Escape") list.hidden ? clear() : open(false);
    else if (list.hidden) look();
    else if (step) open(true, active < 0 && step < 0 ? n - 1 : (active + step + n) % n);
    else clear(list.children[Math.max(active, 0)]);
  });
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays
  list.addEventListener("click", (event) => clear(event.target.closest("li")));

  find("size").textContent = films.length;
  begin();
})();
