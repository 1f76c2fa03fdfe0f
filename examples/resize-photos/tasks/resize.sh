# No photo is read: what matters is that some fail for good, and one only the first time.
case "$PIPECTL_INPUT_PHOTO" in
*99.jpg) echo "$PIPECTL_INPUT_PHOTO is not a photo" && exit 1 ;;
photo-7.jpg) test "$PIPECTL_ATTEMPT" -gt 1 || exit 75 ;;
esac
echo "sizeBytes=$((PIPECTL_INPUT_WIDTH * 30))" >>"$PIPECTL_OUTPUTS"
