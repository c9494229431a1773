// Evaluates models with the script of the page. Usage: node page.cjs MODEL.JS; reads {models, cases} from stdin, each case
// {model, set: {index: text or truth value}}; prints for each case {refusal} or {total, parts, latex, command, kept}.
const { Model, readNumber } = require(require("path").resolve(process.argv[2]));

const { models, cases } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const loaded = models.map((data) => new Model(data));
const results = cases.map(({ model: index, set }) => {
  const model = loaded[index];
  const values = model.values.slice();
  for (const [place, value] of Object.entries(set)) values[place] = typeof value === "boolean" ? value : readNumber(value);
  const refusal = model.refusal(values);
  if (refusal) return { refusal };
  const all = model.full(values);
  return {
    refusal: "",
    total: String(model.total(all)),
    parts: model.parts.map((part) => [part.name, String(part.count(all))]),
    latex: model.latex(values),
    command: model.command(values),
    kept: model.formula(values, all).kept,
  };
});
process.stdout.write(JSON.stringify(results));
