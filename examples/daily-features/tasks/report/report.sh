#!/bin/sh
set -eu
echo "text=the best score of $PIPECTL_INPUT_DAY is $PIPECTL_INPUT_BEST" >>"$PIPECTL_OUTPUTS"
