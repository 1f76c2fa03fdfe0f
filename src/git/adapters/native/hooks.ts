/**
 * The hooks of every repository. They speak over pipes that git passes on from the server's child: 3 to the control
 * plane, 4 from it to `git cat-file`, 5 from it to the hook. So there is no socket to guard and no token to leak, a
 * control plane that dies closes the pipes, and a closed pipe means no. The refs are copied by the shell: starting
 * cat for them took 2 ms of every push.
 */
const PREAMBLE = `#!/bin/sh
# Written by pipectl at each start: changes are lost.
trap '' PIPE
if ! { true >&3; } 2>/dev/null || ! { true <&4; } 2>/dev/null || ! { true <&5; } 2>/dev/null; then
  echo 'pipectl: this repository takes pushes only at the URL that "pipectl up" prints' >&2
  exit 1
fi
send() {
  echo "$1"
  while IFS= read -r line; do printf '%s\\n' "$line"; done
  echo
}
`;

/**
 * Sends the place of the pushed objects and the refs, and prints the decision. When the control plane asks for
 * objects, a process that git itself gave their place reads them for it. Fails on anything but a clear yes.
 */
const PRE_RECEIVE = `${PREAMBLE}
send "pre-receive \${GIT_QUARANTINE_PATH##*/}" >&3 2>/dev/null
IFS= read -r verdict <&5 || verdict=lost
if [ "$verdict" = objects ]; then
  git cat-file --batch <&4 >&3 2>/dev/null
  echo "end $?" 2>/dev/null >&3
  IFS= read -r verdict <&5 || verdict=lost
fi
case $verdict in
  accept) ;;
  reject) cat <&5 >&2; exit 1 ;;
  *) echo 'pipectl: the control plane went away: nothing was changed, push again' >&2; exit 1 ;;
esac
while IFS= read -r line <&5; do
  [ "$line" = . ] && exit 0
  printf '%s\\n' "\${line#?}" >&2
done
exit 1
`;

/** Tells which refs moved and prints what came of it. */
const POST_RECEIVE = `${PREAMBLE}
send post-receive >&3 2>/dev/null
while IFS= read -r line <&5; do
  [ "$line" = . ] && exit 0
  printf '%s\\n' "\${line#?}" >&2
done
`;

/** Hook scripts by file name. */
export const HOOKS: ReadonlyMap<string, string> = new Map([
  ['pre-receive', PRE_RECEIVE],
  ['post-receive', POST_RECEIVE],
]);
