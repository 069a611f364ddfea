#!/bin/sh
# Prints the path of a Python 3.13 that can make virtual environments, or says how to get one.
set -u
is_python_313() {
  "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null
}

pyenv_root=${PYENV_ROOT:-$(pyenv root 2>/dev/null || echo "$HOME/.pyenv")}
from_uv=$(uv python find 3.13 2>/dev/null || true)
for candidate in ${PYTHON:-} python3.13 "$pyenv_root"/versions/3.13*/bin/python3.13 $from_uv python3; do
  if is_python_313 "$candidate"; then
    # The real program, not a shim whose choice depends on the current directory.
    "$candidate" -c 'import os, sys; print(os.path.realpath(sys.executable))'
    exit 0
  fi
done

cat >&2 <<'MESSAGE'
No Python 3.13 with venv was found (looked for python3.13 on PATH, in pyenv's versions, and uv's).
Install one, for example with `pyenv install 3.13` or `uv python install 3.13`, or name one:
  make PYTHON=/path/to/python3.13 …
MESSAGE
exit 1
