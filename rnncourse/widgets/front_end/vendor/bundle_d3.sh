#!/bin/sh
# Write d3.js and LICENSE-d3 beside this script: the parts of D3 that the widgets draw with, in one file.
# Needs npm and the registry. Only maintainers run this; what it writes is committed.
set -eu

HERE=$(cd "$(dirname "$0")" && pwd)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
cd "$WORK"

echo '{"private": true}' > package.json
npm install --silent --no-audit --no-fund --save-exact --ignore-scripts \
  d3-array@3.2.4 d3-color@3.1.0 d3-dispatch@3.0.1 d3-drag@3.0.0 d3-ease@3.0.1 d3-format@3.1.0 \
  d3-interpolate@3.0.1 d3-path@3.1.0 d3-scale@4.0.2 d3-selection@3.0.0 d3-shape@3.2.0 d3-time@3.1.0 \
  d3-time-format@4.1.0 d3-timer@3.0.1 d3-transition@3.0.1 internmap@2.0.3
npm install --silent --no-audit --no-fund --prefix "$WORK/tools" esbuild@0.25.0

cat > d3.mjs <<'END'
export { select, selectAll, pointer, local } from "d3-selection";
export { drag } from "d3-drag";
export { scaleLinear, scaleLog, scaleBand, scalePoint } from "d3-scale";
export { transition, interrupt } from "d3-transition";
export { area, line, curveLinear, curveMonotoneX, curveStepAfter } from "d3-shape";
export { easeLinear, easeCubicOut, easeCubicInOut } from "d3-ease";
export { interpolate, interpolateNumber } from "d3-interpolate";
export { timer } from "d3-timer";
END
# A single constant: the text can stand in front of a widget's script, and no other name of D3 gets into it.
BANNER="/* Parts of D3 (d3js.org), Copyright Mike Bostock, ISC licence: see LICENSE-d3. Made by bundle_d3.sh. */"
"$WORK/tools/node_modules/.bin/esbuild" d3.mjs --bundle --minify --format=iife --global-name=d3 --target=es2020 \
  --log-level=warning --legal-comments=none --banner:js="$BANNER" --outfile="$HERE/d3.js"

: > "$HERE/LICENSE-d3"
for package in node_modules/d3-* node_modules/internmap; do
  name=$(basename "$package")
  version=$(node -p "require('./$package/package.json').version")
  printf '%s %s\n\n' "$name" "$version" >> "$HERE/LICENSE-d3"
  cat "$package/LICENSE" >> "$HERE/LICENSE-d3"
  printf '\n' >> "$HERE/LICENSE-d3"
done
