#!/usr/bin/env bash
# Runs tests of storage, network, inference and a whole case on another line of Node.js: `npm run test:node -- 24`.
# .peers/node-<line>/ holds the program, from npm's node packages, and a copy of this checkout whose native module is compiled for it.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -eq 1 ] || { echo "usage: npm run test:node -- <line of Node.js>" >&2; exit 2; }

home=$PWD/.peers/node-$1
program=node-linux-$(node -p process.arch)
[ -x "$home/node_modules/$program/bin/node" ] || npm install --silent --no-save --prefix "$home" "$program@$1"
export PATH="$home/node_modules/$program/bin:$PATH"
echo "Node.js $(node --version)"

# Hard links: nothing below changes a file in place.
checkout=$home/checkout
rm -rf "$checkout" && mkdir "$checkout"
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents --no-dereference --target-directory "$checkout"
cp -al node_modules/. "$checkout/node_modules/"
cp -a dist "$checkout/"
cd "$checkout"

built=$home/$(node -p 'const { name, version } = require("better-sqlite3/package.json"); `${name}-${version}`')-$(node -p process.versions.modules).node
if [ ! -f "$built" ]; then
  JOBS=max npm_config_nodedir="$home/node_modules/$program" npm rebuild --foreground-scripts better-sqlite3 >"$home/build.log" 2>&1 || { cat "$home/build.log"; exit 1; }
  cp node_modules/better-sqlite3/build/Release/better_sqlite3.node "$built"
fi
cp --remove-destination "$built" node_modules/better-sqlite3/build/Release/better_sqlite3.node

node node_modules/vitest/vitest.mjs run --project unit \
  test/core test/store test/node/queue test/node/ingest test/dimse/server test/analysis/infer/ensemble test/imaging/elastix test/faults/crash
