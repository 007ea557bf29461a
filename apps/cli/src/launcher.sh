#!/bin/sh
# Starts codex-ts with a Node that is new enough, also where PATH names none: programs that start us
# may hand over an environment of their own.
self=$0
while [ -L "$self" ]; do
  target=$(readlink "$self")
  case $target in
    /*) self=$target ;;
    *) self=${self%/*}/$target ;;
  esac
done
case $self in
  */*) here=${self%/*} ;;
  *) here=. ;;
esac
for node in "$CODEX_TS_NODE" "$here/../node_modules/node/bin/node" "$here/../../../node_modules/node/bin/node"; do
  if [ -n "$node" ] && [ -x "$node" ]; then
    exec "$node" "$here/codex-ts.js" "$@"
  fi
done
if command -v node >/dev/null 2>&1; then
  exec node "$here/codex-ts.js" "$@"
fi
for node in /usr/local/bin/node /usr/bin/node /opt/homebrew/bin/node "$HOME/.volta/bin/node"; do
  if [ -x "$node" ]; then
    exec "$node" "$here/codex-ts.js" "$@"
  fi
done
echo "Error: no Node.js was found; install Node 22.19 or newer, or set CODEX_TS_NODE to its path" >&2
exit 1
