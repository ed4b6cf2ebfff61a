#!/usr/bin/env bash
# Makes a release of what is on main: `npm run release -- <version>` (or patch, minor, major). CONTRIBUTING.md says when.
# Dates the CHANGELOG's first section, commits the version, tags it with that section, and packs it. Nothing is pushed.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -eq 1 ] || { echo "usage: npm run release -- <version, or patch, minor, major>" >&2; exit 2; }

[ "$(git branch --show-current)" = main ] || { echo "A release is made on main." >&2; exit 1; }
[ -z "$(git status --porcelain)" ] || { echo "Commit or remove what git status shows first." >&2; exit 1; }
heading=$(grep -m1 '^## ' CHANGELOG.md)
case $heading in *unreleased) ;; *) echo "CHANGELOG.md has no section that ends with 'unreleased'." >&2; exit 1 ;; esac

npm version "$1" --no-git-tag-version --allow-same-version >/dev/null
version=$(node -p 'require("./package.json").version')
# The section, without its heading, is what the tag says.
notes=$(awk '/^## /{section++; next} section == 1' CHANGELOG.md)
sed -i "0,/^## .*/s//## $version — $(date -u +%F)/" CHANGELOG.md

git commit --quiet --message "Release $version" package.json package-lock.json CHANGELOG.md
git tag --annotate "v$version" --cleanup verbatim --message "Priora $version"$'\n\n'"$notes"
npm pack --silent
echo "Tagged v$version. To publish: git push --follow-tags, and attach priora-$version.tgz to the release."
