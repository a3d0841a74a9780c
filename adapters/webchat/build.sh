#!/bin/sh
# Packs source/ into widget.js, which is committed: nothing is built where Teller runs.
# Needs node; a test fails while widget.js is not what source/ gives.
set -eu
cd "$(dirname "$0")"
esbuild="npx --yes esbuild@0.28.2"
packed=$(mktemp -d)
trap 'rm -r "$packed"' EXIT
cp source/* "$packed/"
$esbuild source/style.css --minify --target=safari15 --outfile="$packed/style.css" --allow-overwrite --log-level=warning
stamp=$(cat source/* | sha256sum | cut -c1-16)
$esbuild "$packed/widget.js" --bundle --minify --charset=utf8 --format=iife --target=es2021 --loader:.css=text \
  --banner:js="// Teller: packed from source/ ($stamp)" --outfile=widget.js --allow-overwrite --log-level=warning
wc -c widget.js
