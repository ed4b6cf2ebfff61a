#!/usr/bin/env bash
# Lint, types and tests of training/, in Debian's Python (PyTorch lives there). What is not installed is skipped, visibly.
set -euo pipefail
cd "$(dirname "$0")/.."

python=/usr/bin/python3
skipped=0
skip() {
  echo "SKIPPED: $1"
  skipped=1
}

if "$python" -c 'import torch, pytest, onnx' 2>/dev/null; then
  if command -v mypy >/dev/null; then
    mypy --config-file training/pyproject.toml -p training
  else
    skip 'the types of training/ need mypy (npm run peers)'
  fi
  "$python" -m pytest training/tests -q
else
  skip 'training/tests need python3-torch, python3-onnx and python3-pytest (npm run peers)'
fi
# Debian has no package of ruff: a machine that has it from elsewhere runs it.
if command -v ruff >/dev/null; then
  ruff check training
  ruff format --check training
fi
[ "$skipped" = 0 ] || [ "${PRIORA_REQUIRE_PEERS:-}" != 1 ]
