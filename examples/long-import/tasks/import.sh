# SIGTERM comes ten seconds before SIGKILL: time to leave nothing half done.
trap 'echo "part $PIPECTL_INPUT_PART is undone"; exit 143' TERM
echo "part $PIPECTL_INPUT_PART begins"
sleep "$PIPECTL_INPUT_SECONDS" &
wait "$!"
echo "part $PIPECTL_INPUT_PART is in"
