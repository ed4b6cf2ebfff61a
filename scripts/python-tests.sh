#!/usr/bin/env bash
# The tests of training/, in Debian's Python (PyTorch lives there). Skipped, visibly, where it is not installed.
set -euo pipefail
cd "$(dirname "$0")/.."

python=/usr/bin/python3
if "$python" -c 'import torch, pytest, onnx' 2>/dev/null; then
  exec "$python" -m pytest training/tests -q
fi
echo "SKIPPED: training/tests need python3-torch, python3-onnx and python3-pytest (npm run peers)"
[ "${PRIORA_REQUIRE_PEERS:-}" != 1 ]
