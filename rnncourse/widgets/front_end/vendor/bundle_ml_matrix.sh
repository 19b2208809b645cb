#!/bin/sh
# Write ml_matrix.js and LICENSE-ml_matrix beside this script: three decompositions of ml-matrix, in one file.
# Needs npm and the registry. Only maintainers run this; what it writes is committed.
set -eu

HERE=$(cd "$(dirname "$0")" && pwd)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
cd "$WORK"

echo '{"private": true}' > package.json
npm install --silent --no-audit --no-fund --save-exact --ignore-scripts \
  ml-matrix@6.15.1 is-any-array@3.0.0 ml-array-rescale@2.0.0 ml-array-max@2.0.0 ml-array-min@2.0.0
npm install --silent --no-audit --no-fund --prefix "$WORK/tools" esbuild@0.25.0

cat > ml_matrix.mjs <<'END'
export { default as EVD } from "./node_modules/ml-matrix/src/dc/evd.js";
export { default as SVD } from "./node_modules/ml-matrix/src/dc/svd.js";
export { default as QR } from "./node_modules/ml-matrix/src/dc/qr.js";
END
# A single constant: the text can stand in front of a widget's script, and no other name gets into it.
BANNER="/* Parts of ml-matrix (github.com/mljs/matrix), MIT licence: see LICENSE-ml_matrix. Made by bundle_ml_matrix.sh. */"
"$WORK/tools/node_modules/.bin/esbuild" ml_matrix.mjs --bundle --minify --format=iife --global-name=mlMatrix \
  --target=es2020 --log-level=warning --legal-comments=none --banner:js="$BANNER" --outfile="$HERE/ml_matrix.js"

: > "$HERE/LICENSE-ml_matrix"
for package in node_modules/ml-* node_modules/is-any-array; do
  name=$(basename "$package")
  version=$(node -p "require('./$package/package.json').version")
  printf '%s %s\n\n' "$name" "$version" >> "$HERE/LICENSE-ml_matrix"
  cat "$package/LICENSE" >> "$HERE/LICENSE-ml_matrix"
  printf '\n' >> "$HERE/LICENSE-ml_matrix"
done
