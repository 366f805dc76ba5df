#!/bin/sh
# Stages Debian's llama-server with its own loader and C library below build/engine.
# The system is not changed. LLAMA_SERVER=/path uses another binary, LLAMA_SERVER=path the one on PATH.
set -eu
minimum=0.7.0
suite=forky
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
repo=$(cd "$(dirname "$0")/../.." && pwd)
engine=$repo/build/engine

fail() {
  echo "engine: $*" >&2
  echo "engine: set LLAMA_SERVER to a llama-server $minimum or newer to use your own" >&2
  exit 1
}

case ${LLAMA_SERVER:-} in
  '') ;;
  path) command -v llama-server >/dev/null || fail "no llama-server on PATH"; exit 0 ;;
  *) [ -x "$LLAMA_SERVER" ] || fail "cannot execute $LLAMA_SERVER"; exit 0 ;;
esac
[ ! -f "$engine/VERSION" ] || exit 0

mkdir -p "$repo/build"
exec 9>"$repo/build/engine.lock"
flock 9
[ ! -f "$engine/VERSION" ] || exit 0 # another caller staged it meanwhile
[ -f "$keyring" ] || fail "the Debian archive keyring is missing ($keyring)"
work=$repo/build/engine.tmp
rm -rf "$work" "$engine"
mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial" "$work/root" "$work/rt"

# shellcheck disable=SC2016 # the format is apt's to expand
mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -m1 '/debian/*$') ||
  mirror=http://deb.debian.org/debian
echo "deb [signed-by=$keyring] $mirror $suite main" >"$work/apt/sources.list"
: >"$work/apt/status" # nothing counts as installed, so apt resolves the whole closure
# A mirror frozen in time will do: the signature is checked here, the version below.
cat >"$work/apt/apt.conf" <<CONF
Acquire::Check-Valid-Until "false";
Dir::State "$work/apt";
Dir::State::status "$work/apt/status";
Dir::Cache "$work/apt";
Dir::Etc::sourcelist "$work/apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Sandbox::User "";
Acquire::Retries "5";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::Languages "none";
CONF
private_apt() { APT_CONFIG=$work/apt/apt.conf apt-get -qq "$@" >"$work/apt/log" 2>&1; }

echo "engine: staging llama-server from Debian $suite ($mirror)" >&2
private_apt update || fail "cannot read $mirror $suite: $(tail -n 3 "$work/apt/log")"
private_apt install -y --no-install-recommends --download-only llama.cpp-tools ||
  fail "cannot download llama.cpp-tools: $(tail -n 3 "$work/apt/log")"
for package in "$work"/apt/archives/*.deb; do
  dpkg-deb -x "$package" "$work/root"
done
version=$(dpkg-deb -f "$work"/apt/archives/llama.cpp-tools_*.deb Version)
dpkg --compare-versions "${version#*:}" ge "$minimum" ||
  fail "$suite has llama-server $version, older than $minimum"

# ggml looks for its backends beside the running executable, which is the loader.
lib=$(echo "$work/root/usr/lib"/*-linux-gnu*)
cp "$lib"/ld-linux-*.so.* "$work/rt/"
for backend in "$lib"/ggml/backends0/libggml-*.so; do
  ln -s "../${backend#"$work"/}" "$work/rt/"
done
rm -rf "$work/apt"
echo "$version" >"$work/VERSION"
mv "$work" "$engine"
echo "engine: llama-server $version" >&2
