#!/bin/sh
set -eu
if [ "$PIPECTL_INPUT_VERBOSE" = true ]; then echo "extracting $PIPECTL_INPUT_DAY"; fi
echo "rows=1$(printf %s "$PIPECTL_INPUT_DAY" | tr -d - | tail -c 4)" >>"$PIPECTL_OUTPUTS"
