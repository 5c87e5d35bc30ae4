// The page "Try it": a newcomer's posterior computed in the reader's browser. The first half is
// metarec.models.HierarchicalBayes for one person (chapter 10), number by number; a test compares
// the two. The second half shows it. Nothing is sent and nothing is kept: ratings live in one Map.
(() => {
  const root = document.getElementById("try-it");
  const find = (name) => document.getElementById(`ti-${name}`);
  const model = globalThis.tryItModel;
  root.hidden = false;
  if (!model) {
    root.replaceChildren("The films did not load: the file model.js is missing. Build the book again.");
    return;
  }

  // ---------------------------------------------------------------- the model

  const noise = model.noise, [lowest, highest] = model.scale;
  const dot = (a, b) => a.reduce((sum, value, n) => sum + value * b[n], 0);
  const times = (matrix, vector) => matrix.map((row) => dot(row, vector));
  const outer = (a) => a.map((value) => a.map((other) => value * other));
  const added = (a, b, weight) => a.map((row, n) => row.map((x, m) => x + weight * b[n][m]));
  const both = (a, b) => a.reduce((sum, row, n) => sum + dot(row, b[n]), 0); // trace of a b
  const tasteOnly = (matrix) => matrix.map((row, n) => row.map((x, m) => (n && m ? x : 0)));

  const films = model.films.map(([id, title, other, count, mean, w, lower]) => {
    const vector = w.map((x) => x * model.unit); // (b, v)
    const place = (n, m) => (n * (n + 1)) / 2 + m; // in the lower triangle, row by row
    const covariance = w.map((_, n) =>
      w.map((_, m) => model.unit * lower[place(Math.max(n, m), Math.min(n, m))]));
    return { id, title, other, count, mean, bias: vector[0], x: [1, ...vector.slice(1)], covariance };
  });
  const byId = new Map(films.map((film) => [film.id, film]));

  /** Inverse of a symmetric positive definite matrix, by its Cholesky factor. */
  function inverse(matrix) {
    const l = matrix.map((row) => row.map(() => 0));
    matrix.forEach((row, n) => {
      for (let m = 0; m <= n; m++) {
        const rest = row[m] - dot(l[n].slice(0, m), l[m]);
        l[n][m] = n === m ? Math.sqrt(rest) : rest / l[m][m];
      }
    });
    const columns = matrix.map((_, unit) => { // of the inverse of l
      const y = [];
      l.forEach((row, n) => y.push(((n === unit) - dot(y, row)) / row[n]));
      return y;
    });
    return columns.map((a) => columns.map((b) => dot(a, b)));
  }

  const priorPrecision = inverse(model.user_covariance);

  /** Mean and covariance of (b, p) after ratings [[film's id, stars], …]; the prior after none. */
  function believe(ratings) {
    let precision = priorPrecision, right = times(priorPrecision, model.user_mean);
    for (const [id, stars] of ratings) {
      const { bias, x, covariance } = byId.get(id);
      precision = added(precision, added(outer(x), tasteOnly(covariance), 1), 1 / noise);
      const left = stars - model.global_mean - bias;
      right = right.map((sum, n) => sum + (left * x[n] - (n && covariance[n][0])) / noise);
    }
    const covariance = inverse(precision);
    return { mean: times(covariance, right), covariance };
  }

  /** Mean and standard deviation of a rating that is still to come, its noise included. */
  function predict(belief, film) {
    const mean = model.global_mean + film.bias + dot(film.x, belief.mean);
    const known = [1, ...belief.mean.slice(1)];
    const variance = both(belief.covariance, outer(film.x)) + both(film.covariance, outer(known))
      + both(belief.covariance, tasteOnly(film.covariance));
    return { mean, sd: Math.sqrt(noise + variance) };
  }

  /** Refuse what is no rating, in words. */
  function check(ratings) {
    for (const [id, stars] of ratings) {
      if (!byId.has(id)) throw new RangeError(`There is no film with the number ${id} here.`);
      if (!Number.isFinite(stars) || stars < lowest || stars > highest) {
        throw new RangeError(`${stars} is not a rating from ${lowest} to ${highest} stars.`);
      }
    }
  }

  /** The best films that are not rated yet; `moved` is what each rating brings, found without it. */
  function recommend(ratings, top = 10) {
    check(ratings);
    const rated = new Map(ratings), belief = believe(ratings);
    const without = ratings.map((_, gone) => believe(ratings.filter((_, n) => n !== gone)));
    const open = films.filter((film) => !rated.has(film.id));
    const answers = open.map((film) => ({ film, ...predict(belief, film) }));
    answers.sort((a, b) => b.mean - a.mean || b.film.count - a.film.count);
    return answers.slice(0, top).map((answer) => ({
      ...answer,
      interval: [-1, 1].map((sign) => within(answer.mean + sign * model.reach * answer.sd)),
      moved: without.map((other) => answer.mean - predict(other, answer.film).mean),
    }));
  }

  const within = (stars) => Math.min(highest, Math.max(lowest, stars));
  const short = (film) => film.title.replace(/ \(\d{4}\)$/, "");
  const signed = (x) => `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(2)}`;

  /** The two ratings that moved a film most; where none did, what others say of it. */
  function reason({ film, moved }, ratings) {
    const order = ratings.map((_, n) => n).sort((a, b) => Math.abs(moved[b]) - Math.abs(moved[a]));
    const told = order.slice(0, 2).filter((n) => Math.abs(moved[n]) >= 0.005);
    const parts = told.map((n) => `${short(byId.get(ratings[n][0]))} ${signed(moved[n])}`);
    return parts.join(", ") || `mean ${film.mean.toFixed(1)} from ${film.count} people`;
  }

  globalThis.tryIt = { believe, recommend, reason }; // for the test, and for the curious

  // ---------------------------------------------------------------- the page

  const SUGGESTED = 6, FOUND = 8, SPAN = 2; // SPAN: half the width of the plot, in stars
  const ratings = new Map();
  const seen = new Set(); // films that stood in the list before: not suggested again
  let ranks = new Map();

  function make(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  const hidden = (text) => make("span", { class: "ti-hidden" }, text);
  const bar = (kind) => make("i", { class: kind });
  const percent = (x, from, to) => 100 * Math.min(1, Math.max(0, (x - from) / (to - from)));

  function stretch(node, low, high, from, to) {
    node.style.left = `${percent(low, from, to)}%`;
    node.style.width = `${percent(high, from, to) - percent(low, from, to)}%`;
  }

  // ---- recommendations: ten rows that stay, so that nothing on the page jumps

  const rows = Array.from({ length: 10 }, () => {
    const row = { title: make("span", { class: "ti-title" }), mark: make("span", { class: "ti-mark" }),
      stars: make("strong"), range: bar("ti-range"), mean: bar("ti-mean"),
      ends: make("span", { class: "ti-ends" }), reason: make("p", { class: "ti-reason" }),
      rate: make("button", { type: "button" }, "Rate") };
    row.rate.addEventListener("click", () => add(row.id));
    find("best").append(make("li", {}, make("div", { class: "ti-head" }, row.title, row.mark), row.stars,
      make("div", { class: "ti-bar", "aria-hidden": "true" }, row.range, row.mean), row.ends, row.reason,
      row.rate));
    return row;
  });

  function mark(id, now) {
    const before = ranks.get(id), steps = before - now;
    if (!ranks.size || steps === 0) return ["", ""];
    if (before === undefined || before >= rows.length) return ["new", "new in the list"];
    return steps > 0 ? [`▲${steps}`, `up ${steps}`] : [`▼${-steps}`, `down ${-steps}`];
  }

  function showBest() {
    const entries = [...ratings], all = recommend(entries, rows.length);
    rows.forEach((row, n) => {
      const { film, mean, interval } = all[n], [sign, words] = mark(film.id, n);
      row.id = film.id;
      row.title.textContent = film.title;
      row.mark.replaceChildren(make("span", { "aria-hidden": "true" }, sign), hidden(words));
      row.stars.replaceChildren(within(mean).toFixed(2), hidden(" stars predicted"));
      stretch(row.range, ...interval, lowest, highest);
      stretch(row.mean, mean, mean, lowest, highest);
      row.ends.replaceChildren(hidden("probably "), interval.map((end) => end.toFixed(1)).join(" to "));
      row.reason.textContent = reason(all[n], entries);
      row.rate.setAttribute("aria-label", `Rate ${film.title}`);
    });
    ranks = new Map(all.map(({ film }, n) => [film.id, n]));
    return all[0];
  }

  // ---- beliefs: what the ratings tell about the person, the prior behind in grey

  const taste = model.directions.map((ends) => ends.map((id) => byId.get(id)));
  const beliefs = [
    { ends: ["harsh", "mild"], towards: ["rate more harshly than most", "rate more mildly than most"],
      weights: model.user_mean.map((_, n) => (n ? 0 : 1)) },
    ...taste.map(([left, right]) => ({ ends: [left, right].map(short),
      towards: [[left, right], [right, left]].map(([a, b]) => `lean to ${short(a)}, not ${short(b)}`),
      weights: right.x.map((x, n) => x - left.x[n]) })),
  ].map((row) => {
    Object.assign(row, { prior: bar("ti-prior"), range: bar("ti-range"), mean: bar("ti-mean") });
    find("beliefs").append(make("div", { class: "ti-ends-of" }, ...row.ends.map((end) => make("span", {}, end))),
      make("div", { class: "ti-bar" }, row.prior, row.range, row.mean));
    return row;
  });

  /** Mean and ends of the interval of a weighted sum of (b, p). */
  function along({ mean, covariance }, weights) {
    const middle = dot(weights, mean), reach = model.reach * Math.sqrt(both(covariance, outer(weights)));
    return { middle, low: middle - reach, high: middle + reach, sure: Math.abs(middle) / reach };
  }

  function showBeliefs() {
    const prior = believe([]), now = believe([...ratings]);
    const told = beliefs.map((row) => {
      const before = along(prior, row.weights), after = along(now, row.weights);
      stretch(row.prior, before.low, before.high, -SPAN, SPAN);
      stretch(row.range, after.low, after.high, -SPAN, SPAN);
      stretch(row.mean, after.middle, after.middle, -SPAN, SPAN);
      return { ...row, ...after };
    });
    const surest = told.reduce((a, b) => (b.sure > a.sure ? b : a));
    find("finding").textContent = !ratings.size ? "Of you the model believes what it believes of anybody"
      : surest.sure > 1 ? `You seem to ${surest.towards[+(surest.middle > 0)]}`
        : "Nothing is sure about you yet: every interval reaches across the middle";
    find("beliefs-text").textContent = told.map(({ ends, middle, low, high }) =>
      `From ${ends.join(" to ")}: ${signed(middle)} stars, interval ${signed(low)} to ${signed(high)}.`).join(" ");
  }

  function update(before = "") {
    const { film, mean } = showBest(), n = ratings.size;
    showBeliefs();
    const count = n ? `${n} rating${n > 1 ? "s" : ""}` : "No ratings yet";
    find("news").textContent = `${before}${count}. First now: ${film.title}, ${within(mean).toFixed(2)} stars.`;
  }

  // ---- the films to rate

  function rate(id, stars) {
    try {
      check([[id, stars]]);
      ratings.set(id, stars);
      update();
    } catch (error) {
      find("news").textContent = `${error.message} Your rating was not taken.`;
    }
  }

  function rowOf(film) {
    const stars = [1, 2, 3, 4, 5].map((n) => make("label", {},
      make("input", { type: "radio", name: `ti-${film.id}`, value: n, autocomplete: "off" }),
      make("span", { "aria-hidden": "true" }, "★"), hidden(`${n} star${n > 1 ? "s" : ""}`)));
    const remove = make("button", { type: "button", "aria-label": `Remove ${film.title}` }, "×");
    const row = make("li", { id: `ti-film-${film.id}` }, make("fieldset", {}, make("legend", {}, film.title),
      make("div", { class: "ti-stars" }, ...stars)), remove);
    row.addEventListener("change", (event) => rate(film.id, Number(event.target.value)));
    remove.addEventListener("click", () => {
      const next = row.nextElementSibling ?? row.previousElementSibling;
      row.remove();
      ratings.delete(film.id);
      update(`${film.title} is removed. `);
      (next?.querySelector("button") ?? find("search")).focus();
    });
    seen.add(film.id);
    return row;
  }

  function add(id) {
    const film = byId.get(id);
    if (!find(`film-${id}`)) find("films").prepend(rowOf(film));
    const row = find(`film-${id}`);
    row.scrollIntoView({ block: "nearest" });
    (row.querySelector(":checked") ?? row.querySelector("input")).focus();
  }

  function suggest() {
    for (const row of [...find("films").children]) if (!row.querySelector(":checked")) row.remove();
    const open = films.filter((film) => !seen.has(film.id)).slice(0, SUGGESTED);
    find("films").append(...open.map(rowOf));
  }

  find("others").addEventListener("click", suggest);
  find("again").addEventListener("click", () => {
    ratings.clear();
    seen.clear();
    ranks.clear();
    find("films").replaceChildren();
    suggest();
    update("All is forgotten. ");
  });

  // ---- the search: a combobox with a list

  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[’'`]/g, "")
    .replace(/&/g, " and ").replace(/[^\p{L}\p{N}]+/gu, " ").trim();
  const pairs = (text) => new Set([...text].map((letter, n) => letter + (text[n + 1] ?? "")));
  const keys = films.map((film) => [film.title, film.other].map(plain).map((key) => key.replace(/^(the|an?) /, "")));
  const input = find("search"), list = find("found");
  let active = -1;

  /** Films that fit, best first; if none does, those whose letters come nearest. */
  function search(text) {
    const query = plain(text).replace(/^(the|an?) (?=.)/, ""), words = query.split(" ");
    const fit = (key) => key.startsWith(query) ? 2 : words.every((word) => ` ${key}`.includes(` ${word}`)) ? 1 : 0;
    const likeness = (key) => {
      const a = pairs(query), b = pairs(key.replace(/ \d{4}$/, ""));
      return (2 * [...a].filter((pair) => b.has(pair)).length) / (a.size + b.size);
    };
    const best = (score, least) => films.map((film, n) => [Math.max(...keys[n].map(score)), film])
      .filter(([value]) => value >= least).sort((a, b) => b[0] - a[0]).slice(0, FOUND).map(([, film]) => film);
    const exact = query ? best(fit, 1) : [];
    return { exact, near: exact.length || query.length < 4 ? [] : best(likeness, 0.55) };
  }

  function close() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    activate(-1);
  }

  function activate(n) {
    active = n;
    [...list.children].forEach((option, m) => option.setAttribute("aria-selected", String(m === n)));
    if (n < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", list.children[n].id);
    list.children[n]?.scrollIntoView({ block: "nearest" });
  }

  function pick(option) {
    input.value = find("said").textContent = "";
    close();
    add(Number(option.dataset.film));
  }

  function look() {
    const text = input.value.trim(), { exact, near } = search(text), found = [...exact, ...near];
    list.replaceChildren(...found.map((film, n) => make("li", { role: "option", id: `ti-option-${n}`,
      "data-film": film.id, "aria-selected": "false" }, film.title, make("small", {}, film.other))));
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    activate(-1);
    const count = `${exact.length} film${exact.length > 1 ? "s" : ""}; choose with the arrow keys and Enter.`;
    find("said").textContent = !text ? "" : exact.length ? count
      : near.length ? `No film here is called “${text}”. Did you mean one of these?`
        : plain(text) ? `No film here is called “${text}”. This page knows ${films.length} films up to 2016.`
          : "That holds no letter and no digit. Type a part of a title.";
  }

  input.addEventListener("input", look);
  input.addEventListener("focusout", close);
  input.addEventListener("keydown", (event) => {
    const n = list.children.length, step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter") {
      if (list.hidden) look();
      else pick(list.children[Math.max(active, 0)]);
    } else if (event.key === "Escape") {
      if (list.hidden) input.value = find("said").textContent = "";
      close();
    } else if (step) {
      if (list.hidden) look();
      if (!list.hidden) activate(active < 0 && step < 0 ? n - 1 : (active + step + n) % n);
    } else return;
    event.preventDefault();
  });
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays
  list.addEventListener("click", (event) => pick(event.target.closest("[role=option]")));

  find("size").textContent = films.length;
  suggest();
  update();
})();
