#!/bin/sh
# Scalars come as PIPECTL_INPUT_<NAME>; outputs may be written as name=value lines.
set -eu
echo "headline=$PIPECTL_INPUT_TICKETS tickets expected in $PIPECTL_INPUT_DAYS days, $PIPECTL_INPUT_BUSIEST first" >>"$PIPECTL_OUTPUTS"
