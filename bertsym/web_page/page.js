// The second part of the script: the controls, the numbers and the map of the page. `model.js` stands before it.

const LARGEST = BigInt(Number.MAX_SAFE_INTEGER);
const SVG = "http://www.w3.org/2000/svg";

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

// The nodes of a number, which may break behind its commas if it is beyond the units.
const broken = (text) => (text.length < grouped(BEYOND_UNITS).length ? [text]
  : text.split(/(?<=,)/).flatMap((group, index) => (index ? [element("wbr"), group] : [group])));

function drawn(tag, attributes = {}, text = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

// The symbol of a size in the picture: its letter or word, and the subscript below it.
function symbolDrawn(tex, attributes) {
  const text = drawn("text", { class: "axis", "text-anchor": "middle", ...attributes });
  const parts = tex.replace(/\\math[a-z]+|[{}]/g, "").replace("\\rho", "ρ").split(/(?<!\\)_/);
  const [symbol, subscript] = parts.map((part) => part.replaceAll("\\_", "_"));
  text.append(symbol);
  if (subscript) text.append(drawn("tspan", { dy: 4, "font-size": "75%" }, subscript));
  return text;
}

// Set TeX within an element, unless it stands there. KaTeX builds nodes; TeX that it cannot set stands as text.
function set(tex, into, display = false) {
  if (into.tex === tex) return;
  into.tex = tex;
  try {
    katex.render(display ? `\\displaystyle ${tex}` : tex, into, { trust: false, strict: "ignore", maxExpand: 1000 });
  } catch {
    into.textContent = tex;
    into.classList.add("as-text");
  }
}

function largestPower(number) {
  let result = 1n;
  while (result * 2n <= number) result *= 2n;
  return result;
}

// The step, the ends and the unit of a slider, so that the value and the one at the start are within.
function scaleOf(size, value) {
  const from = size.start === undefined || typeof size.start === "boolean" ? value : size.start;
  const unit = size.isRatio ? (8n * under(value)) / (8n % under(value) ? 1n : under(value)) : 1n;
  const at = floor(multiply(value, unit));
  const magnitude = [at, floor(multiply(from, unit)), 1n].reduce((a, b) => (a > b ? a : b));
  let step = 1n;
  if (size.kind === "width") step = largestPower(magnitude / 8n > 64n ? 64n : magnitude / 8n);
  if (size.kind === "rows") step = largestPower(magnitude / 64n);
  const least = size.isRatio && size.least ? 1n : size.least;
  let low = at % step;
  while (low < least) low += step;
  let high = low + step * ((3n * magnitude) / step + 4n);
  const most = size.most !== null && size.most < LARGEST ? size.most : LARGEST;
  if (high > most) high = most - ((most - low) % step);
  return { unit, step, low, high, fits: (number) => number >= low && number <= high && (number - low) % step === 0n };
}

class Page {
  constructor(data) {
    this.models = data.models.map((each) => new Model(each));
    this.axes = this.models.map((model) => this.usualAxes(model));
    this.scales = this.models.map(() => []);
    this.frames = this.models.map(() => null);
    this.at = 0;
    this.find = (id) => document.getElementById(id);
    this.buildChoice();
    this.buildCopying();
    this.buildMap();
    this.find("reset").addEventListener("click", () => {
      this.model.values = this.model.sizes.map((size) => size.start);
      this.scales[this.at] = [];
      this.show();
    });
    for (const model of this.models) {
      if (String(model.total(model.full(model.values))) !== model.data.start) {
        throw new Error(`this browser counts ${model.data.title} differently from bertsym`);
      }
    }
    this.choose(0);
  }

  get model() { return this.models[this.at]; }

  buildChoice() {
    const group = this.find("models");
    group.hidden = this.models.length < 2;
    this.models.forEach((model, index) => {
      const radio = element("input", { type: "radio", name: "model", id: `model-${index}`, checked: index === 0 });
      radio.addEventListener("change", () => this.choose(index));
      group.append(element("span", {}, radio, element("label", { for: `model-${index}` }, model.data.title)));
    });
  }

  choose(index) {
    this.at = index;
    const { data } = this.model;
    this.find("what").replaceChildren(...data.remarks.map((remark) => element("p", {}, remark)));
    document.querySelectorAll("[data-model]").forEach((part) => { part.hidden = Number(part.dataset.model) !== index; });
    this.buildSizes();
    this.buildParts();
    this.buildAxes();
    this.show();
  }

  // ------------------------------------------------------------ sizes

  buildSizes() {
    this.rows = [];
    const [numbers, switches] = [this.find("numbers-of-model"), this.find("switches")];
    numbers.replaceChildren();
    switches.replaceChildren();
    for (const size of this.model.sizes) {
      const row = size.isSwitch ? this.switchRow(size) : this.sizeRow(size);
      (size.isSwitch ? switches : numbers).append(row.box);
      this.rows[size.index] = row;
    }
    this.find("switch-group").hidden = !switches.children.length;
  }

  label(size, id) {
    const symbol = element("span", { class: "symbol" });
    set(size.tex, symbol);
    const words = size.meaning === size.name ? [] : [element("span", { class: "meaning" }, size.meaning)];
    return element("label", { for: id }, symbol, " ", ...words);
  }

  switchRow(size) {
    const id = `size-${size.index}`;
    const box = element("div", { class: "switch", "data-size": size.name });
    const input = element("input", { type: "checkbox", id });
    input.addEventListener("change", () => this.change(size, input.checked, input));
    box.append(input, this.label(size, id));
    return { box, refresh: (value) => { input.checked = value; } };
  }

  sizeRow(size) {
    const id = `size-${size.index}`;
    const box = element("div", { class: "size", "data-size": size.name });
    const label = this.label(size, id);
    if (size.definition && size.start === undefined) {
      const equation = element("span", { class: "definition" });
      set(`= ${size.definition.tex}`, equation);
      label.append(" ", equation);
    }
    const settable = this.model.canSet(size);
    const input = element("input", {
      type: "text", id, inputmode: size.isRatio ? "text" : "numeric", autocomplete: "off", spellcheck: "false",
      readonly: !settable, "aria-describedby": "refusal",
    });
    const slider = element("input", { type: "range", "aria-label": `${size.name}, ${size.meaning}: slider` });
    slider.hidden = !settable;
    input.addEventListener("input", () => {
      const value = readNumber(input.value);
      if (value === null) this.complain(input, `${size.name}: write a ${size.isRatio ? "number such as 4, 2.5 or 8/3" : "whole number"}`);
      else this.change(size, value, input);
    });
    input.addEventListener("blur", () => input.hasAttribute("aria-invalid") ? this.show() : this.refresh());
    input.addEventListener("keydown", (event) => {
      const sign = { ArrowUp: 1n, ArrowDown: -1n }[event.key];
      if (sign === undefined || !settable) return;
      event.preventDefault();
      this.move(size, sign);
    });
    slider.addEventListener("input", () => {
      const scale = this.scale(size);
      this.slide(size, fraction(BigInt(slider.value), scale.unit));
    });
    box.append(label, input, slider);
    if (size.definition && size.definition.free && size.start === undefined) {
      const follow = element("button", { type: "button", class: "follow", hidden: true }, "let it follow again");
      follow.addEventListener("click", () => {
        this.model.values[size.index] = undefined;
        input.focus();
        this.show();
      });
      box.append(follow);
      return { box, input, slider, refresh: (value) => this.refreshSize(size, value, input, slider, follow) };
    }
    return { box, input, slider, refresh: (value) => this.refreshSize(size, value, input, slider) };
  }

  scale(size) {
    const value = this.valuesInFull()[size.index];
    const scales = this.scales[this.at];
    const old = scales[size.index];
    const number = old && multiply(value, old.unit);
    if (!old || !whole(number) || !old.fits(number)) scales[size.index] = scaleOf(size, value);
    return scales[size.index];
  }

  refreshSize(size, value, input, slider, follow) {
    if (document.activeElement !== input || !equal(readNumber(input.value) ?? -1n, value)) input.value = shown(value);
    input.removeAttribute("aria-invalid");
    const scale = this.scale(size);
    const number = floor(multiply(value, scale.unit));
    for (const [name, end] of [["min", scale.low], ["max", scale.high], ["step", scale.step]]) slider[name] = String(end);
    slider.value = String(number > scale.high ? scale.high : number);
    slider.setAttribute("aria-valuetext", shown(value));
    if (follow) follow.hidden = this.model.values[size.index] === undefined;
  }

  valuesInFull() { return this.model.full(this.model.values); }

  // Set a size as the reader typed it: a model that does not exist is said to, and stays the reader's.
  change(size, value, input) {
    const problem = this.model.problem(size, value);
    if (problem) return this.complain(input, problem);
    let next;
    try {
      next = this.model.withSize(this.model.values, size.index, value);
      const refusal = size.start === undefined && this.model.refusal(next);
      if (refusal) return this.complain(input, refusal);
      this.model.full(next);
    } catch (error) {
      if (error instanceof RangeError) return this.complain(input, `${size.name} cannot be ${shown(value)} here`);
      throw error;
    }
    this.model.values = next;
    return this.show();
  }

  complain(input, text) {
    input.setAttribute("aria-invalid", "true");
    this.find("refusal").textContent = text;
  }

  // The nearest value that gives a model, first in the direction of the move; null if there is none.
  nearest(size, value, sign) {
    const { unit, step } = this.scale(size);
    const stride = fraction(step, unit);
    for (const direction of [sign, -sign]) {
      let candidate = value;
      for (let tries = 0; tries < 512; tries += 1) {
        if (this.model.problem(size, candidate)) break;
        const next = this.model.withSize(this.model.values, size.index, candidate);
        if (!this.model.refusal(next)) return candidate;
        candidate = add(candidate, multiply(direction, stride));
      }
    }
    return null;
  }

  slide(size, value) {
    const now = this.valuesInFull()[size.index];
    const fitting = this.nearest(size, value, compare(value, now) >= 0 ? 1n : -1n);
    // Where another size stands in the way, this one moves all the same, and the page says what is wrong.
    this.model.values = this.model.withSize(this.model.values, size.index, fitting ?? value);
    this.show();
  }

  move(size, sign) {
    const { unit, step } = this.scale(size);
    const value = add(this.valuesInFull()[size.index], multiply(sign, fraction(step, unit)));
    if (!this.model.problem(size, value)) this.slide(size, value);
  }

  // ------------------------------------------------------------ the answer

  show() {
    const refusal = this.model.refusal(this.model.values);
    this.find("refusal").textContent = refusal ? `There is no such model: ${refusal}.` : "";
    document.body.classList.toggle("refused", Boolean(refusal));
    this.refresh();
    if (!refusal) this.showAnswer();
    this.find("comparison").hidden = this.models.length < 2;
    if (this.models.length > 1) this.showComparison();
    this.requestMap();
  }

  refresh() {
    let all;
    try { all = this.valuesInFull(); } catch { return; }
    const awake = this.model.changed(this.model.values, all).length > 0;
    for (const size of this.model.sizes) {
      this.rows[size.index].refresh(all[size.index]);
      this.rows[size.index].box.hidden = Boolean(size.dormant) && !awake;
    }
  }

  showAnswer() {
    const { model } = this;
    const all = this.valuesInFull();
    const count = model.total(all);
    const formula = model.formula(model.values, all);
    const start = BigInt(model.data.start);
    const short = count < BEYOND_UNITS ? inUnit(count).join("") : brief(count);
    this.find("total").replaceChildren(...broken(grouped(count)));
    this.find("short").textContent = count >= 1000n ? `${short} parameters` : "parameters";
    this.find("change").replaceChildren(...(count === start ? [] : [...broken(signed(count - start)), ` (${times(count, start)})`]));
    set(`${model.data.left} = ${together(formula.tex)}`, this.find("formula"), true);
    this.find("in-numbers").hidden = !formula.numbers;
    set(`\\phantom{${model.data.left}} = ${together(model.numbers(formula, all))}`, this.find("in-numbers"), true);
    this.showParts(all, count, formula.kept.length > 0);
    this.find("latex").value = model.latex(model.values);
    this.find("command").value = model.command(model.values);
    for (const id of ["latex", "command"]) {
      const field = this.find(id);
      field.style.height = "auto";
      field.style.height = `${field.scrollHeight + 2}px`;
      field.nextElementSibling.textContent = field.value;
    }
  }

  buildParts() {
    this.partRows = this.model.parts.map((part) => {
      const [formula, number, share] = ["part-formula", "number", "share"].map((name) => element("td", { class: name }));
      return { part, formula, number, share, row: element("tr", {}, element("th", { scope: "row" }, part.name), formula, number, share) };
    });
    this.sum = element("td", { class: "number" });
    const empty = () => element("td", { class: "empty" });
    const sum = element("tr", { class: "sum" }, element("th", { scope: "row" }, "total"), empty(), this.sum, empty());
    this.find("parts").replaceChildren(...this.partRows.map(({ row }) => row), sum);
  }

  showParts(all, count, kept) {
    for (const { part, formula, number, share, row } of this.partRows) {
      const counted = part.count(all);
      row.hidden = counted === 0n;
      number.replaceChildren(...broken(grouped(counted)));
      number.classList.toggle("long", counted >= BEYOND_UNITS);
      set(kept ? part.kept ?? part.tex : part.tex, formula);
      share.replaceChildren(...bar(counted, count));
    }
    this.sum.replaceChildren(...broken(grouped(count)));
    this.sum.classList.toggle("long", count >= BEYOND_UNITS);
  }

  // ------------------------------------------------------------ comparison

  showComparison() {
    const { models } = this;
    const alls = models.map((model) => (model.refusal(model.values) ? null : model.full(model.values)));
    const names = [...new Set(models.flatMap((model) => model.sizes.map((size) => size.name)))];
    const differing = names.map((name) => [name, models.map((model, index) => {
      const size = model.sizes.find((each) => each.name === name);
      return size && alls[index] && !size.dormant && !size.isSwitch ? shown(alls[index][size.index]) : "–";
    })]).filter(([, values]) => new Set(values).size > 1);
    const components = [...new Set(models.flatMap((model) => model.parts.map((part) => part.name)))];
    const counted = components.map((name) => [name, models.map((model, index) => {
      const part = model.parts.find((each) => each.name === name);
      return alls[index] ? (part ? part.count(alls[index]) : 0n) : null;
    })]).filter(([, counts]) => counts.some((number) => number));
    const totals = models.map((model, index) => (alls[index] ? model.total(alls[index]) : null));
    const head = element("tr", {}, element("th", { scope: "col" }, "component"),
      ...models.flatMap((model, index) => [element("th", { scope: "col" }, model.data.title),
        ...(index ? [element("th", { scope: "col", class: "difference" }, "difference")] : [])]));
    this.find("comparison-head").replaceChildren(head);
    const largest = totals.reduce((most, each) => (each !== null && each > most ? each : most), 1n);
    const line = (name, counts, kind) => element("tr", { class: kind }, element("th", { scope: "row" }, name),
      ...counts.flatMap((number, index) => {
        const cell = element("td", { class: "number" }, number ? grouped(number) : "–");
        if (number) cell.append(bar(number, largest)[0]);
        if (!index) return [cell];
        const known = number !== null && counts[0] !== null;
        return [cell, element("td", { class: "difference" }, known ? signed(number - counts[0]) : "–")];
      }));
    this.find("comparison-sizes").replaceChildren(...differing.map(([name, values]) => element("tr", {},
      element("th", { scope: "row" }, this.symbol(name)),
      ...values.flatMap((value, index) => [element("td", { class: "number" }, value), ...(index ? [element("td")] : [])]))));
    this.find("comparison-parts").replaceChildren(
      ...counted.map(([name, counts]) => line(name, counts, "")), line("total", totals, "sum"));
  }

  // The symbol of a size, with its name and meaning as a hint.
  symbol(name) {
    const size = this.models.flatMap((model) => model.sizes).find((each) => each.name === name);
    const symbol = element("span", { title: `${name}, ${size.meaning}` });
    set(size.tex, symbol);
    return symbol;
  }

  // ------------------------------------------------------------ copying

  buildCopying() {
    document.querySelectorAll("button[data-copy]").forEach((button) => {
      const words = button.textContent;
      button.addEventListener("click", async () => {
        const field = this.find(button.dataset.copy);
        let copied = true;
        try {
          await navigator.clipboard.writeText(field.value);
        } catch {  // a browser that gives files no clipboard has this older way
          field.select();
          copied = document.execCommand("copy");
          button.focus();
        }
        button.textContent = copied ? "Copied" : "Select and copy by hand";
        setTimeout(() => { button.textContent = words; }, 1500);
      });
    });
  }

  // ------------------------------------------------------------ map

  axisSizes(model) {
    return model.sizes.filter((size) => size.start !== undefined && !size.isSwitch && !size.isRatio && !size.dormant);
  }

  // The hidden size and the layers, else the width and the depth, or any two sizes, that change the count most.
  usualAxes(model) {
    const growth = (size) => {
      const next = model.values.slice();
      next[size.index] *= 2n;
      try {
        return add(model.total(model.full(next)), -model.total(model.full(model.values)));
      } catch {
        return 0n;
      }
    };
    const moving = this.axisSizes(model).map((size) => [size, growth(size)]).filter(([, by]) => compare(by, 0n) !== 0);
    const sizes = moving.sort(([, left], [, right]) => compare(right, left)).map(([size]) => size);
    const x = sizes.find((size) => size.name === "H") || sizes.find((size) => size.kind === "width") || sizes[0];
    const rest = sizes.filter((size) => size !== x);
    const y = rest.find((size) => size.name === "L") || rest.find((size) => size.kind === "depth") || rest[0];
    return x && y ? [x.index, y.index] : null;
  }

  buildAxes() {
    const axes = this.axes[this.at];
    this.find("map-section").hidden = axes === null;
    if (!axes) return;
    ["map-x", "map-y"].forEach((id, which) => {
      this.find(id).replaceChildren(...this.axisSizes(this.model).map((size) => element("option",
        { value: size.index, selected: size.index === axes[which] }, `${size.name}, ${size.meaning}`)));
    });
  }

  buildMap() {
    ["map-x", "map-y"].forEach((id, which) => this.find(id).addEventListener("change", (event) => {
      const axes = this.axes[this.at];
      const chosen = Number(event.target.value);
      if (axes[1 - which] === chosen) axes[1 - which] = axes[which];
      axes[which] = chosen;
      this.frames[this.at] = null;
      this.buildAxes();
      this.requestMap();
    }));
    const map = this.find("map");
    map.addEventListener("pointerdown", (event) => {
      const box = map.getBoundingClientRect();
      this.pick(((event.clientX - box.left) / box.width) * this.wide, ((event.clientY - box.top) / box.height) * this.high);
    });
    window.addEventListener("resize", () => this.requestMap());
    map.addEventListener("keydown", (event) => {
      const [which, sign] = { ArrowRight: [0, 1n], ArrowLeft: [0, -1n], ArrowUp: [1, 1n], ArrowDown: [1, -1n] }[event.key] || [];
      if (which === undefined) return;
      event.preventDefault();
      this.move(this.model.sizes[this.axes[this.at][which]], sign);
    });
  }

  // Set both sizes from a point of the picture.
  pick(x, y) {
    const frame = this.frames[this.at];
    const shares = [(x - LEFT) / (this.wide - LEFT - RIGHT), (this.high - BOTTOM - y) / (this.high - TOP - BOTTOM)];
    shares.forEach((share, which) => {
      const [low, high] = frame[which];
      const size = this.model.sizes[this.axes[this.at][which]];
      const parts = BigInt(Math.round(Math.min(1, Math.max(0, share)) * 1e6));
      const { step, low: first } = this.scale(size);
      const exact = low + ((high - low) * parts) / 1000000n;
      const steps = (2n * (exact - first) + step) / (2n * step);
      const value = first + step * (steps < 0n ? 0n : steps);
      const fitting = this.nearest(size, value, compare(value, this.model.values[size.index]) >= 0 ? 1n : -1n);
      if (fitting !== null) this.model.values = this.model.withSize(this.model.values, size.index, fitting);
    });
    this.show();
  }

  requestMap() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.drawMap();
    });
  }

  // The ends of both axes, which stay while the point is between them.
  frame() {
    const { model } = this;
    const old = this.frames[this.at];
    const ends = this.axes[this.at].map((index, which) => {
      const value = model.values[index];
      const { least, most } = model.sizes[index];
      if (old && value >= old[which][0] && value <= old[which][1]) return old[which];
      const high = value * 2n + value / 4n + 4n;
      return [value / 4n > least ? value / 4n : least, most !== null && most < high ? most : high];
    });
    this.frames[this.at] = ends;
    return ends;
  }

  drawMap() {
    const axes = this.axes[this.at];
    if (!axes || document.body.classList.contains("refused")) return;
    const { model } = this;
    const map = this.find("map");
    this.wide = Math.max(300, map.parentElement.clientWidth > 736 ? 736 : map.parentElement.clientWidth);
    this.high = Math.round(Math.max(300, this.wide * 0.62));
    map.setAttribute("viewBox", `0 0 ${this.wide} ${this.high}`);
    const [horizontal, vertical] = this.frame();
    const samples = ([low, high]) => {
      const steps = high - low < 44n ? high - low : 44n;
      return Array.from({ length: Number(steps) + 1 }, (_, k) => low + ((high - low) * BigInt(k)) / (steps || 1n));
    };
    const [xs, ys] = [samples(horizontal), samples(vertical)];
    const fixed = model.values.map((value, index) => (axes.includes(index) ? undefined : value));
    const total = model.compiler(fixed)(model.data.total);
    const grid = ys.map((y) => xs.map((x) => {
      const values = model.values.slice();
      [values[axes[0]], values[axes[1]]] = [x, y];
      try {
        const all = model.full(values);
        return model.negative(all) ? null : floor(total(all));
      } catch { return null; }
    }));
    const place = (value, [low, high], from, to) =>
      from + (Number(((value - low) * 100000n) / (high - low || 1n)) / 100000) * (to - from);
    const across = (value) => place(value, horizontal, LEFT, this.wide - RIGHT);
    const up = (value) => place(value, vertical, this.high - BOTTOM, TOP);
    const between = (positions, to, index) => {
      const first = Math.floor(index);
      const next = Math.min(first + 1, positions.length - 1);
      return to(positions[first]) + (index - first) * (to(positions[next]) - to(positions[first]));
    };
    map.replaceChildren();
    this.drawAxes(map, horizontal, vertical, across, up);
    const counts = grid.flat().filter((count) => count !== null).sort(compare);
    const [least, largest] = [counts[0] ?? 0n, counts.at(-1) ?? 0n];
    const current = model.total(this.valuesInFull());
    const labelled = [];
    for (const level of [...roundNumbers(least, largest, 7), current]) {
      const segments = crossings(grid, level).map((ends) =>
        ends.map(([x, y]) => [between(xs, across, x), between(ys, up, y)]));
      const path = segments.map(([[x1, y1], [x2, y2]]) =>
        `M${x1.toFixed(1)} ${y1.toFixed(1)}L${x2.toFixed(1)} ${y2.toFixed(1)}`).join("");
      map.append(drawn("path", { d: path, class: level === current ? "curve current" : "curve" }));
      const end = segments.flat().reduce((best, at) => (!best || at[0] - at[1] > best[0] - best[1] ? at : best), null);
      if (!end || level === current || labelled.some(([x, y]) => Math.hypot(x - end[0], (y - end[1]) * 2) < 40)) continue;
      labelled.push(end);
      const anchor = end[0] > this.wide - RIGHT - 4 || end[0] < LEFT + 20 ? "start" : "middle";
      const [right, down] = anchor === "start" ? [6, end[1] < TOP + 12 ? 16 : 5] : [0, -6];
      map.append(drawn("text", { x: end[0] + right, y: end[1] + down, class: "level", "text-anchor": anchor }, brief(level)));
    }
    this.drawPoints(map, axes, horizontal, vertical, across, up);
    const [x, y] = axes.map((index) => `${model.sizes[index].name} = ${grouped(model.values[index])}`);
    this.find("map-note").textContent = `${x}, ${y}: ${grouped(current)} parameters`;
  }

  drawAxes(map, horizontal, vertical, across, up) {
    map.append(drawn("rect", { x: LEFT, y: TOP, width: this.wide - LEFT - RIGHT, height: this.high - TOP - BOTTOM, class: "frame" }));
    for (const at of ticks(...horizontal, 6)) {
      map.append(drawn("line", { x1: across(at), x2: across(at), y1: this.high - BOTTOM, y2: this.high - BOTTOM + 5, class: "tick" }),
        drawn("text", { x: across(at), y: this.high - BOTTOM + 20, "text-anchor": "middle" }, short(at)));
    }
    for (const at of ticks(...vertical, 6)) {
      map.append(drawn("line", { x1: LEFT - 5, x2: LEFT, y1: up(at), y2: up(at), class: "tick" }),
        drawn("text", { x: LEFT - 9, y: up(at) + 4, "text-anchor": "end" }, short(at)));
    }
    const [x, y] = this.axes[this.at].map((index) => this.model.sizes[index].tex);
    map.append(symbolDrawn(x, { x: (LEFT + this.wide - RIGHT) / 2, y: this.high - 8 }),
      symbolDrawn(y, { transform: `translate(16 ${(TOP + this.high - BOTTOM) / 2}) rotate(-90)` }));
  }

  drawPoints(map, axes, horizontal, vertical, across, up) {
    const names = axes.map((index) => this.model.sizes[index].name);
    const inside = ([x, y]) => x >= horizontal[0] && x <= horizontal[1] && y >= vertical[0] && y <= vertical[1];
    const start = axes.map((index) => this.model.sizes[index].start);
    if (inside(start)) map.append(drawn("circle", { cx: across(start[0]), cy: up(start[1]), r: 5, class: "start" }));
    this.models.forEach((other, index) => {
      const sizes = names.map((name) => other.sizes.find((size) => size.name === name));
      if (index === this.at || sizes.some((size) => !size || size.start === undefined)) return;
      const at = sizes.map((size) => other.values[size.index]);
      if (!inside(at)) return;
      map.append(drawn("rect", { x: across(at[0]) - 4, y: up(at[1]) - 4, width: 8, height: 8, class: "other" }),
        drawn("text", { x: across(at[0]) + 8, y: up(at[1]) - 7, class: "title" }, other.data.title));
    });
    const [x, y] = axes.map((index) => this.model.values[index]);
    map.append(drawn("circle", { cx: across(x), cy: up(y), r: 6, class: "point" }));
  }
}

const [LEFT, RIGHT, TOP, BOTTOM] = [70, 48, 28, 48];

// The pixels of a formula on the screen that fit a sheet of paper, where type is smaller: A4 and letter, with margins.
const PRINTED = 760;

// A short sum in parentheses is not broken over lines; the list of a maximum stays as it is, and so do tall parentheses.
const together = (tex) => tex.replace(/(\\max|\\min|\\left)?\(([^()]{1,60})\)/g,
  (all, before, sum) => (before || /\\(left|right)/.test(sum) ? all : `{(${sum})}`));
const short = (number) => (number < 100000n ? grouped(number) : brief(number));
const signed = (number) => (number > 0n ? `+${grouped(number)}` : number < 0n ? `\u2212${grouped(-number)}` : "±0");

// How many times as large, to two decimals.
const times = (number, base) =>
  !base ? "new" : `× ${number / base < BEYOND_UNITS ? decimal(fraction(number, base), 2) : brief(number / base)}`;

// A bar and the share of a whole in percent, rounded half up to a tenth.
function bar(part, count) {
  const share = count ? decimal(fraction(part * 100n, count), 1) : "0.0";
  const fill = element("span", { class: "fill" });
  fill.style.width = `${share}%`;
  return [element("span", { class: "bar", "aria-hidden": "true" }, fill), element("span", { class: "percent" }, `${share}%`)];
}

function start() {
  try {
    new Page(JSON.parse(document.getElementById("data").textContent));
  } catch (error) {
    document.getElementById("refusal").textContent = `This page does not work here: ${error.message}`;
    throw error;
  }
  document.querySelectorAll("details").forEach((details) => details.addEventListener("toggle", () => {
    details.querySelectorAll("[data-tex]:not(.done)").forEach((formula) => {
      set(formula.dataset.tex, formula, formula.tagName === "DIV");
      formula.classList.add("done");
    });
  }));
  window.addEventListener("beforeprint", () => document.querySelectorAll(".katex").forEach((formula) => {
    const wide = Math.max(...[...formula.querySelectorAll(".base")].map((base) => base.getBoundingClientRect().width));
    formula.style.fontSize = wide > PRINTED ? `${PRINTED / wide}em` : "";
  }));
  window.addEventListener("afterprint", () => document.querySelectorAll(".katex").forEach((formula) => {
    formula.style.fontSize = "";
  }));
  document.documentElement.classList.add("ready");
}

start();
