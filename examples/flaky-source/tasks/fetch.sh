echo "attempt $PIPECTL_ATTEMPT, interruptible: ${PIPECTL_INTERRUPTIBLE:-false}"
case $PIPECTL_ATTEMPT in
  1) echo "the source refuses" && exit 1 ;;
  2) echo "the source does not answer" && sleep 600 ;;
esac
sleep "$PIPECTL_INPUT_PATIENCE"
echo "rows=4200" >>"$PIPECTL_OUTPUTS"
echo "machine=$([ "$PIPECTL_INTERRUPTIBLE" = true ] && echo cheap || echo safe)" >>"$PIPECTL_OUTPUTS"
