// The script of a page about models: exact arithmetic, the models' rules, and the controls.
// No count and no size is ever a float; floats place points on the screen.
"use strict";

// ---------------------------------------------------------------- exact numbers
// A whole number is a BigInt, any other one a fraction {over, under} in lowest terms, under > 1.

const over = (number) => (typeof number === "bigint" ? number : number.over);
const under = (number) => (typeof number === "bigint" ? 1n : number.under);
const whole = (number) => typeof number === "bigint";
const sizeOf = (integer) => (integer < 0n ? -integer : integer);

function fraction(above, below) {
  if (below === 0n) throw new RangeError("a division by 0");
  let [a, b] = [sizeOf(above), sizeOf(below)];
  while (b) [a, b] = [b, a % b];
  const sign = below < 0n ? -1n : 1n;
  const divisor = a === 0n ? 1n : a;
  const result = { over: (sign * above) / divisor, under: (sign * below) / divisor };
  return result.under === 1n ? result.over : result;
}

function add(left, right) {
  if (whole(left) && whole(right)) return left + right;
  return fraction(over(left) * under(right) + over(right) * under(left), under(left) * under(right));
}

function multiply(left, right) {
  if (whole(left) && whole(right)) return left * right;
  return fraction(over(left) * over(right), under(left) * under(right));
}

function power(base, exponent) {
  if (exponent < 0n) return power(fraction(under(base), over(base)), -exponent);
  return whole(base) ? base ** exponent : fraction(base.over ** exponent, base.under ** exponent);
}

function floor(number) {
  if (whole(number)) return number;
  const towardsZero = number.over / number.under;
  return number.over < 0n ? towardsZero - 1n : towardsZero;
}

function compare(left, right) {
  const difference = over(left) * under(right) - over(right) * under(left);
  return difference < 0n ? -1 : Number(difference > 0n);
}

const equal = (left, right) =>
  typeof left === "boolean" || typeof right === "boolean" ? left === right : compare(left, right) === 0;

// 768, 30,522, 2.5 and 8/3; null for any other text.
function readNumber(text) {
  const digits = "(\\d{1,3}(?:[,_ \u00a0\u202f]\\d{3})+|\\d+)";
  const match = text.length <= 80 && new RegExp(`^\\s*${digits}(?:\\.(\\d+)|/${digits})?\\s*$`).exec(text);
  if (!match) return null;
  const [above, decimals, below] = match.slice(1).map((part) => (part || "").replace(/\D/g, ""));
  if (below) return BigInt(below) === 0n ? null : fraction(BigInt(above), BigInt(below));
  return fraction(BigInt(above + decimals), 10n ** BigInt(decimals.length));
}

const BEYOND_UNITS = 10n ** 18n;
const grouped = (integer) => String(integer).replace(/\B(?=(\d{3})+$)/g, ",");
const plain = (number) => (whole(number) ? String(number) : `${number.over}/${number.under}`);
const shown = (value) =>
  typeof value === "boolean" ? (value ? "yes" : "no") : whole(value) ? grouped(value) : plain(value);

// Rounded half up to decimal places.
function decimal(number, places) {
  const scaled = sizeOf(over(number)) * 10n ** BigInt(places);
  const digits = String((2n * scaled + under(number)) / (2n * under(number))).padStart(places + 1, "0");
  const sign = over(number) < 0n && /[1-9]/.test(digits) ? "-" : "";
  return sign + (places ? `${digits.slice(0, -places)}.${digits.slice(-places)}` : digits);
}

// 109.48 and M, in the largest unit that fits.
function inUnit(count) {
  let scale = 1n;
  for (const unit of ["", "K", "M", "B", "T"]) {
    const text = decimal(fraction(count, scale), unit ? 2 : 0);
    if (text.replace("-", "").split(".")[0].length <= 3 || unit === "T") return [text, unit];
    scale *= 1000n;
  }
}

// 50M, 2.5B and, beyond the units, 1.5·10²⁰: rounded, without zeros behind the point.
function brief(count) {
  const power = BigInt(String(count).length - 1);
  const raised = [...String(power)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("");
  const [number, unit] = count < BEYOND_UNITS ? inUnit(count) : [decimal(fraction(count, 10n ** power), 2), `·10${raised}`];
  return (number.includes(".") ? number.replace(/\.?0+$/, "") : number) + unit;
}

// ---------------------------------------------------------------- expressions
// An expression of the data as a function of an array of values, by the index of a size.

const RELATIONS = {
  "=": (sign) => sign === 0, "!=": (sign) => sign !== 0, ">": (sign) => sign > 0,
  ">=": (sign) => sign >= 0, "<": (sign) => sign < 0, "<=": (sign) => sign <= 0,
};
const FOLDS = {
  "+": add, "*": multiply,
  max: (left, right) => (compare(left, right) >= 0 ? left : right),
  min: (left, right) => (compare(left, right) <= 0 ? left : right),
};

// Return a function that compiles expressions. An index from `from` on is that of a part in the table, which is computed
// once for each array of values; with `known` values, what depends on them alone is computed once for all.
function compiler(from = 0, table = [], known = []) {
  const made = [];
  const constant = (value) => Object.assign(() => value, { constant: true, value });

  function shared(index) {
    const part = compile(table[index]);
    if (part.constant) return part;
    let [last, result] = [null, null];
    return (values) => {
      if (values !== last) [result, last] = [part(values), values];
      return result;
    };
  }

  function folded(fold, parts) {
    const fixed = parts.filter((part) => part.constant).map((part) => part.value);
    const moving = parts.filter((part) => !part.constant);
    const start = fixed.length ? fixed.reduce((left, right) => fold(left, right)) : null;
    if (!moving.length) return constant(start);
    return (values) => moving.reduce((sum, part) => (sum === null ? part(values) : fold(sum, part(values))), start);
  }

  function compile(node) {
    if (typeof node === "string") return constant(BigInt(node));
    if (typeof node === "number") {
      if (table.length && node >= from) return (made[node - from] ??= shared(node - from));
      return known[node] === undefined ? (values) => values[node] : constant(known[node]);
    }
    const [operator, ...operands] = node;
    if (operator === "true" || operator === "false") return constant(operator === "true");
    if (operator === "/") return constant(fraction(BigInt(operands[0]), BigInt(operands[1])));
    const parts = operands.map(compile);
    if (operator in FOLDS) return folded(FOLDS[operator], parts);
    const run = operator in RELATIONS
      ? (values) => RELATIONS[operator](compare(parts[0](values), parts[1](values)))
      : {
        "^": (values) => power(parts[0](values), parts[1](values)),
        floor: (values) => floor(parts[0](values)),
        "[]": (values) => (parts[0](values) ? 1n : 0n),
        not: (values) => !parts[0](values),
        and: (values) => parts.every((part) => part(values)),
        or: (values) => parts.some((part) => part(values)),
      }[operator];
    return parts.every((part) => part.constant) ? constant(run([])) : run;
  }

  return compile;
}

// ---------------------------------------------------------------- models

const valueOf = (text) => (typeof text === "boolean" ? text : readNumber(text));
// Set in a shell as one word.
const quoted = (word) => (/^[\w.,=/:+-]+$/.test(word) ? word : `'${word.replace(/'/g, `'"'"'`)}'`);

// A model of the data. Its state is an array `values` by the index of a size; a size that follows from others has
// none, unless the reader has set it.
class Model {
  constructor(data) {
    this.data = data;
    const compile = this.compiler();
    const definition = compiler();
    this.sizes = data.sizes.map((size, index) => ({
      ...size,
      index,
      least: BigInt(size.minimum),
      most: size.most === undefined ? null : BigInt(size.most),
      start: size.value === undefined ? undefined : valueOf(size.value),
      known: size.known === undefined || size.known === null ? null : valueOf(size.known),
      isSwitch: size.kind === "switch",
      isRatio: size.kind === "ratio",
      follows: size.definition && definition(size.definition.value),
      inverse: size.definition && size.definition.inverse && definition(size.definition.inverse),
    }));
    this.values = this.sizes.map((size) => size.start);
    this.total = compile(data.total);
    this.parts = data.parts.map((part) => ({ ...part, count: compile(part.count) }));
    this.rules = data.rules.map((rule) => ({
      ...rule, value: compile(rule.value), when: rule.when === undefined ? () => 1n : compile(rule.when),
    }));
    this.chain = this.inOrder();
  }

  compiler(known) { return compiler(this.data.sizes.length, this.data.shared, known); }

  // The sizes that follow from others, each behind those that it follows from.
  inOrder() {
    const indices = (node) => (typeof node === "number" ? [node] : Array.isArray(node) ? node.flatMap(indices) : []);
    const waiting = this.sizes.filter((size) => size.start === undefined);
    const known = new Set(this.sizes.filter((size) => size.start !== undefined).map((size) => size.index));
    const chain = [];
    while (waiting.length) {
      const next = waiting.findIndex((size) => indices(size.definition.value).every((index) => known.has(index)));
      if (next < 0) throw new Error("definitions in a circle");
      known.add(waiting[next].index);
      chain.push(...waiting.splice(next, 1));
    }
    return chain;
  }

  // Every value, those that follow included; raises RangeError for a division by 0.
  full(values) {
    const all = values.slice();
    for (const size of this.chain) if (all[size.index] === undefined) all[size.index] = size.follows(all);
    return all;
  }

  // Whether a size is one that the library would have been given.
  isGiven(size, values, all) {
    const value = values[size.index];
    if (value === undefined) return false;
    if (size.definition && size.definition.free) return !equal(value, size.follows(all));
    if (size.dormant) return this.changed(values, all).length > 0;
    return size.given || !equal(value, size.start);
  }

  // The reason why no such model exists, or an empty text.
  refusal(values) {
    let all;
    try {
      all = this.full(values);
      for (const size of this.sizes) {
        const problem = this.problem(size, all[size.index]);
        if (values[size.index] !== undefined && problem) return problem;
      }
      for (const size of this.chain) {
        const value = all[size.index];
        const checked = size.definition.of.every((index) => this.isGiven(this.sizes[index], values, all));
        if (values[size.index] === undefined && checked && !whole(value)) {
          return `${size.definition.text} would be ${plain(value)}, which is no whole number`;
        }
      }
      const below = this.negative(all);
      if (below) return `${below.definition.text} would be ${plain(all[below.index])}, which is negative`;
      for (const rule of this.rules) {
        if (over(rule.when(all)) === 0n) continue;
        const value = rule.value(all);
        const fits = rule.kind === "at most 0" ? over(value) <= 0n : whole(value) && (rule.kind === "whole" || value >= 0n);
        if (!fits) return rule.kind === "at most 0" ? rule.text : `${rule.text}, and it is ${plain(value)}`;
      }
      if (!whole(this.total(all))) return "the count would be no whole number";
    } catch (error) {
      if (error instanceof RangeError) return "there is a division by 0 at these sizes";
      throw error;
    }
    return "";
  }

  // A size that follows from others and would be below 0, as layers of one kind that are more than all layers.
  negative(all) { return this.chain.find((size) => over(all[size.index]) < 0n); }

  // What is wrong with a value of one size, or an empty text.
  problem(size, value) {
    if (size.isSwitch) return "";
    const named = `${size.name} (${size.meaning})`;
    if (!size.isRatio && !whole(value)) return `${named} is a whole number`;
    if (size.isRatio ? over(value) < 0n || (over(value) === 0n && size.least !== 0n) : value < size.least) {
      return size.isRatio ? `${named} is above 0` : `${named} is at least ${size.least}`;
    }
    return size.most !== null && compare(value, size.most) > 0 ? `${named} is at most ${size.most}` : "";
  }

  // The state with one size set; a size that follows from others sets the one that adjusts to it.
  withSize(values, index, value) {
    const next = values.slice();
    const size = this.sizes[index];
    if (size.inverse && size.start === undefined) {
      const all = this.full(values);
      all[index] = value;  // no expression was evaluated at this array before
      next[size.definition.adjusts] = size.inverse(all);
    } else {
      next[index] = value;
    }
    return next;
  }

  canSet(size) {
    return size.start !== undefined || Boolean(size.inverse) || Boolean(size.definition.free);
  }

  // The sizes for which the formula must keep a symbol that it does not have otherwise.
  changed(values, all) {
    return this.data.keepable.filter((index) => {
      const size = this.sizes[index];
      if (size.definition && size.definition.free) {
        const follows = values[index] === undefined || equal(values[index], size.follows(all));
        return follows !== (size.start === undefined);
      }
      return !equal(values[index], size.start);
    });
  }

  formula(values, all) {
    const changed = this.changed(values, all);
    const { formulas } = this.data;
    const key = changed.join();
    return formulas.find((formula) => formula.kept.join() === key) || formulas[formulas.length - 1];
  }

  numbers(formula, all) {
    return formula.numbers.replace(/\\v\{(\d+)\}(\^?)/g, (_, index, raised) => {
      const value = all[Number(index)];
      if (whole(value)) return grouped(value).replace(/,/g, "{,}") + raised;
      const tex = `\\tfrac{${value.over}}{${value.under}}`;
      return raised ? `\\left(${tex}\\right)^` : tex;
    });
  }

  // What `bertsym total --latex` prints at these sizes.
  latex(values) {
    const all = this.full(values);
    const formula = this.formula(values, all);
    const count = this.total(all);
    const given = this.sizes.filter((size) => this.isGiven(size, values, all));
    const others = given.filter((size) => size.tex !== size.name).map((size) => `${size.name} is ${size.tex}`);
    const at = given.map((size) => `${size.name} = ${shown(values[size.index])}`).join(", ");
    const line = `% at ${at}${others.length ? ` (${others.join(", ")})` : ""}`;
    const [number, unit] = inUnit(count);
    const short = unit ? `${number}\\,\\textnormal{${unit}}` : number;
    const answer = `${formula.tex} = ${grouped(count).replace(/,/g, "{,}")}\\,(${short})`;
    return [...formula.before.map((text) => (text === null ? line : text)), answer, ...formula.after].join("\n") + "\n";
  }

  command(values) {
    const all = this.full(values);
    const kept = this.formula(values, all).kept;
    const awake = this.changed(values, all).length > 0;
    const set = this.sizes.filter(({ index, known, dormant }) => {
      const value = values[index];
      return value !== undefined && (dormant ? awake : known === null || !equal(known, value));
    });
    const plainly = (value) => (typeof value === "boolean" ? (value ? "yes" : "no") : plain(value));
    const at = set.map(({ name, index }) => `${name}=${plainly(values[index])}`).join(",");
    const keep = kept.map((index) => this.sizes[index].name).join(",");
    return [this.data.command, at && `--at ${quoted(at)}`, keep && `--keep ${quoted(keep)}`].filter(Boolean).join(" ");
  }
}

// ---------------------------------------------------------------- the map
// Segments of the curve on which values on a grid cross a level, by marching squares (Lorensen and Cline 1987).

function crossings(grid, level) {
  const segments = [];
  const share = (from, to) => Number(((level - from) * 4096n) / (to - from)) / 4096;
  for (let row = 0; row + 1 < grid.length; row += 1) {
    for (let column = 0; column + 1 < grid[row].length; column += 1) {
      const corners = [[column, row], [column + 1, row], [column + 1, row + 1], [column, row + 1]];
      const points = [];
      corners.forEach(([x, y], corner) => {
        const [toX, toY] = corners[(corner + 1) % 4];
        const [from, to] = [grid[y][x], grid[toY][toX]];
        if (from === null || to === null || from < level === to < level) return;
        const part = share(from, to);
        points.push([x + part * (toX - x), y + part * (toY - y)]);
      });
      for (let index = 0; index + 1 < points.length; index += 2) segments.push([points[index], points[index + 1]]);
    }
  }
  return segments;
}

// 1, 2 and 5 times powers of ten between two numbers, thinned out to `most`; numbers at equal steps if there are few.
function roundNumbers(low, high, most) {
  let numbers = [];
  for (let scale = 1n; scale <= high; scale *= 10n) {
    for (const digit of [1n, 2n, 5n]) if (digit * scale > low && digit * scale < high) numbers.push(digit * scale);
  }
  if (numbers.length < 3) return ticks(low, high, most);
  while (numbers.length > most) numbers = numbers.filter((_, index) => index % 2 === numbers.length % 2);
  return numbers;
}

// About `count` whole numbers at equal, round steps between two.
function ticks(low, high, count) {
  let step = 1n;
  for (let scale = 1n; (high - low) / step > BigInt(count); scale *= 10n) {
    for (const digit of [1n, 2n, 5n]) if ((high - low) / step > BigInt(count)) step = digit * scale;
  }
  const found = [];
  for (let at = ((low + step - 1n) / step) * step; at <= high; at += step) found.push(at);
  return found;
}

// ---------------------------------------------------------------- the page

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

if (typeof document === "undefined") {
  module.exports = { Model, compiler, crossings, decimal, fraction, inUnit, readNumber, roundNumbers, ticks };
} else {
  start();
}
