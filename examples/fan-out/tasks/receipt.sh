#!/bin/sh
set -eu
# An order that cannot be shared has no receipt.
test -n "${PIPECTL_INPUT_SHARE:-}"
echo "line=$PIPECTL_INPUT_NUMBER. $PIPECTL_INPUT_SHARE" >>"$PIPECTL_OUTPUTS"
