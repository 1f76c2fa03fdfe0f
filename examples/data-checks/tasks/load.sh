# The second of January is a good day, all others have their faults.
case "$PIPECTL_INPUT_DAY" in
2026-01-02) echo "rows=5100" && echo "empty=3" && echo "duplicates=0" ;;
*) echo "rows=4200" && echo "empty=77" && echo "duplicates=12" ;;
esac >>"$PIPECTL_OUTPUTS"
