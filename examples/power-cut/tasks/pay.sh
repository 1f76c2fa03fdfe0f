# The bank's ledger is a file here. The key is the same for all attempts of this node, so what an attempt has paid is not paid by the next.
ledger=$PIPECTL_INPUT_FOLDER/ledger.txt
receipt=$PIPECTL_INPUT_FOLDER/receipt.txt
if grep -qs "$PIPECTL_IDEMPOTENCY_KEY" "$ledger"; then
  echo "attempt $PIPECTL_ATTEMPT: it is paid already"
else
  echo "$PIPECTL_INPUT_AMOUNT paid, key $PIPECTL_IDEMPOTENCY_KEY" >>"$ledger"
  echo "attempt $PIPECTL_ATTEMPT: paid"
fi
echo "waiting for the receipt"
until test -s "$receipt"; do sleep 0.2; done
echo "receipt=$(cat "$receipt")" >>"$PIPECTL_OUTPUTS"
