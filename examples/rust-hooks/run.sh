#!/bin/sh
# Tests and builds a policy with rules in Rust beside its tables.
set -eu
cd "$(dirname "$0")"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
adjudica policy check .
adjudica policy build . --out "$out"
adjudica policy test .
ls -l "$out"/lakeside-1.0.0.wasm
