import { MAX_VALUE_BYTES } from '../../base/index.ts';
import { batchMark } from '../../propeller/index.ts';

/**
 * The command of a pod that runs several subtasks: its inputs are a script, which is given the task's command. So a node agent
 * and a kubelet run it as they run any other.
 */
export function batchCommand(command: readonly string[]): readonly string[] {
  return ['/bin/sh', '-c', '. "$PIPECTL_INPUTS"', 'sh', ...command];
}

/** What a kubelet hands over at most, less what it takes to say that one result is too large. */
const POD_ROOM = 4_095 - 32;

/**
 * Runs the members one after the other and tells of each as `batchEnds` reads it. A member whose outputs might not fit any
 * more does not begin, and one whose outputs do not fit is not told of, unless it was the first: then it never will. Only
 * text in single quotes comes from users, so data cannot become code. Needs sh, cat, mkdir and wc.
 */
export function batchScript(podName: string, members: readonly BatchRun[]): string {
  const runs = members.map(
    ({ index, text, variables }, place) => `if begin; then
(
enter ${place} ${index}
export ${variables.map(([name, value]) => `${name}=${quoted(value)}`).join(' ')}
printf %s ${quoted(text)} >"$PIPECTL_INPUTS"
exec "$@"
) &
child=$!
end ${place}
fi
`,
  );
  return `${PROLOGUE.replace('@MARK@', batchMark(podName))}${runs.join('')}exit 0\n`;
}

export interface BatchRun {
  readonly index: number;
  /** Of its inputs file. */
  readonly text: string;
  /** That only this subtask has. */
  readonly variables: readonly (readonly [name: string, value: string])[];
}

const PROLOGUE = `mark='@MARK@'
told=$PIPECTL_OUTPUTS
room=${MAX_VALUE_BYTES - 32}
if [ "$told" = /dev/termination-log ]; then room=${POD_ROOM}; fi
work=\${TMPDIR:-/tmp}/batch
largest=0
stopped=
trap 'stopped=1; kill -TERM "$child" 2>/dev/null' TERM
begin() {
[ -z "$stopped" ] && [ "$room" -ge "$largest" ]
}
enter() {
trap - TERM
mkdir -p "$work/$1"
export HOME="$work/$1" TMPDIR="$work/$1" PIPECTL_INPUTS="$work/$1.json" PIPECTL_OUTPUTS="$work/$1.out"
: >"$PIPECTL_OUTPUTS"
echo "subtask $2"
}
end() {
wait "$child"
code=$?
if [ -n "$stopped" ]; then
wait "$child"
exit 143
fi
line="$mark $1"
size=0
if [ "$code" -eq 0 ]; then
if [ -f "$work/$1.out" ]; then size=$(wc -c <"$work/$1.out"); fi
else
line="$line $code"
fi
need=$((size + \${#line} + 2))
if [ "$need" -gt "$room" ]; then
stopped=1
if [ "$largest" -gt 0 ]; then exit 0; fi
line="$line large"
size=0
fi
largest=$((need > largest ? need : largest))
room=$((room - need))
echo "$line" >>"$told"
if [ "$size" -gt 0 ]; then
cat "$work/$1.out" >>"$told"
echo >>"$told"
fi
}
`;

/** In single quotes a shell takes all as it is, but for these themselves. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
