#!/bin/sh
# Installs the tools of package.json into this folder and builds the policy: sh build.sh POLICY.wit OUT.wasm
set -eu
wit=$(realpath "$1")
out=$(realpath -m "$2")
cd "$(dirname "$0")"
npm install --silent --no-progress
node build.mjs "$wit" "$out"
