# Build the wheel, install it into an empty environment, run it there. Usage: sh tools/try-wheel.sh PYTHON
set -eu
python=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$folder" .
"$python" -m venv "$folder/empty"
"$folder/empty/bin/python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt "$folder"/*.whl
cd "$folder"
test "$(empty/bin/bertsym total bert-base-uncased --count)" = 109482240
test "$(empty/bin/bertsym total mamba-default --count)" = 159308544
empty/bin/bertsym page bert-base-uncased -o model.html
test "$(grep -c 'font/woff2;base64' model.html)" -ge 1
empty/bin/python -c 'import bertsym; assert bertsym.load("bert-large-uncased").count() == 335141888'
echo "the wheel installs and runs"
