#!/bin/sh
# Install timm with torchvision and torchaudio. Their wheels on PyPI are built for CUDA and do not import beside a CPU
# build of torch, and a broken torchvision breaks transformers: then they are removed again, and tests skip their classes.
set -eu
python="$1"
packages="timm torchvision torchaudio"
# shellcheck disable=SC2086  # a list of names
if ! "$python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps $packages; then
  echo "timm: not to be had from this index; tests skip its classes"
  exit 0
fi
if ! "$python" -c "import timm, torchvision, torchaudio" 2>/dev/null; then
  # shellcheck disable=SC2086  # a list of names
  "$python" -m pip uninstall --quiet --yes --disable-pip-version-check $packages
  echo "timm: the wheels of torchvision and torchaudio do not fit this build of torch; install those of its own index"
fi
