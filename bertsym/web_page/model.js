// The first part of the script of a page about models: exact arithmetic, the models' rules, and curves of equal count.
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

if (typeof document === "undefined") {
  module.exports = { Model, compiler, crossings, decimal, fraction, inUnit, readNumber, roundNumbers, ticks };
}
