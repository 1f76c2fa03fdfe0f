#!/bin/sh
set -eu
echo "sent invoices over $PIPECTL_INPUT_TOTAL"
