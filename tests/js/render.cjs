// Reads a JSON list of {tex, display} from stdin; prints a JSON list of errors, {engine, tex, error}, for those that fail.
const katex = require("katex");
const { mathjax } = require("mathjax-full/js/mathjax.js");
const { TeX } = require("mathjax-full/js/input/tex.js");
const { AllPackages } = require("mathjax-full/js/input/tex/AllPackages.js");
const { liteAdaptor } = require("mathjax-full/js/adaptors/liteAdaptor.js");
const { RegisterHTMLHandler } = require("mathjax-full/js/handlers/html.js");
const { STATE } = require("mathjax-full/js/core/MathItem.js");

RegisterHTMLHandler(liteAdaptor());
const fail = (_, error) => { throw error; };
// noundefined and noerrors would print an unknown command in red instead of failing; bussproofs wants a browser
const packages = AllPackages.filter((name) => !["noundefined", "noerrors", "bussproofs"].includes(name));

const engines = {
  KaTeX: (tex, display) => katex.renderToString(tex, { displayMode: display, throwOnError: true, strict: "error" }),
  MathJax: (tex, display) => mathjax
    .document("", { InputJax: new TeX({ packages, formatError: fail }) })
    .convert(tex, { display, end: STATE.CONVERT }),
};

const failed = [];
for (const { tex, display } of JSON.parse(require("fs").readFileSync(0, "utf8"))) {
  for (const [engine, render] of Object.entries(engines)) {
    try {
      render(tex, display);
    } catch (error) {
      failed.push({ engine, tex, error: String(error.message || error) });
    }
  }
}
process.stdout.write(JSON.stringify(failed));
