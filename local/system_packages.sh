#!/bin/sh
# Installs what comes from the operating system: for `sam local invoke` a Docker daemon and
# debootstrap (which builds the stand-in for the Lambda image where the real one cannot be
# pulled), and Chromium, in which the tests look at the HTML reports. As root on Debian or Ubuntu
# it installs them; elsewhere it only says what is missing.
set -u
PATH=$PATH:/usr/sbin:/sbin
missing=
command -v dockerd >/dev/null || docker info >/dev/null 2>&1 || missing="$missing docker.io"
command -v debootstrap >/dev/null || missing="$missing debootstrap"
command -v chromium >/dev/null || command -v chromium-browser >/dev/null ||
  command -v google-chrome >/dev/null || missing="$missing chromium"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "Installing system packages:$missing"
  export DEBIAN_FRONTEND=noninteractive
  log=$(mktemp)
  # shellcheck disable=SC2086 — a list of package names
  if { apt-get update && apt-get install --yes --no-install-recommends $missing; } >"$log" 2>&1; then
    rm -f "$log"
    exit 0
  fi
  tail -n 20 "$log" >&2
  rm -f "$log"
  exit 1
fi

echo "Not installed:$missing (needed by \`sam local invoke\` and by the tests of the HTML" \
  "reports; install them, or run as root)." >&2
