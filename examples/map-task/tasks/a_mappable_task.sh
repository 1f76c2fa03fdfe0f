#!/bin/sh
set -eu
echo "b=$((PIPECTL_INPUT_A + 2))" >>"$PIPECTL_OUTPUTS"
