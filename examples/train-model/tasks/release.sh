# A retry must not release twice: a real registry is given the key, which is the same for all attempts.
echo "release to $PIPECTL_INPUT_PLACE with key $PIPECTL_IDEMPOTENCY_KEY"
echo "address=https://$PIPECTL_INPUT_PLACE.example.org/model" >>"$PIPECTL_OUTPUTS"
