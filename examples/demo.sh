# The main job, on real input. Run with `make demo`, or by hand once bertsym is installed.
set -eu
cd "$(dirname "$0")"
run() { printf '\n$ %s\n' "$*"; "$@"; }

run bertsym total
run bertsym total --latex
run bertsym total bert-base-uncased
run bertsym total configs/bert-classifier
run bertsym show bert-base-uncased
run bertsym explain bert-base-uncased --component attention
run bertsym diff bert-base-uncased --by H
