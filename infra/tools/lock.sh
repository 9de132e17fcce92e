#!/usr/bin/env bash
# Makes requirements.txt and requirements-dev.txt from the two .in files: every package pinned, every
# file of it by hash, for all platforms (the app runs on Linux x86_64, people develop elsewhere too).
#
#   ./infra/tools/lock.sh             after a change in a .in file
#   ./infra/tools/lock.sh --upgrade   newest transitive packages as well
#
# Needs nothing but a virtual environment it can make; the tool is pinned so that two people get the
# same file.
set -euo pipefail
cd "$(dirname "$0")/../.."

tool=uv==0.13.9
venv=.local/lock
if ! "$venv/bin/pip" show uv 2>/dev/null | grep -q "^Version: ${tool#uv==}\$"; then
  python="$(command -v .venv/bin/python || command -v python3.13 || command -v python3)"
  "$python" -m venv "$venv"
  "$venv/bin/pip" install --quiet "$tool"
fi

compile() {
  # No registry address belongs in the files: whoever installs uses their own.
  UV_NO_CONFIG=1 "$venv/bin/uv" pip compile --quiet --universal --generate-hashes --python-version 3.13 \
    --no-emit-index-url --no-emit-find-links "$@"
}
compile "$@" requirements.in -o requirements.txt
compile "$@" -c requirements.txt requirements-dev.in -o requirements-dev.txt
tools=tests/campaigns/azure/tools
compile "$@" "$tools/requirements.in" -o "$tools/requirements.txt"
compile "$@" .github/audit/requirements.in -o .github/audit/requirements.txt
