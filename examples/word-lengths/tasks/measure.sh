# One of five hundred has no length: it fails alone.
case "$PIPECTL_INPUT_WORD" in
word-333) echo "$PIPECTL_INPUT_WORD cannot be measured" && exit 1 ;;
esac
echo "letters=${#PIPECTL_INPUT_WORD}" >>"$PIPECTL_OUTPUTS"
