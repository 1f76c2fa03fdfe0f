#!/bin/sh
set -eu
echo "total=4200" >"$PIPECTL_OUTPUTS"
