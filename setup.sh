#!/usr/bin/env bash
# Makes this machine ready: JDK 25, Maven, the build. Can be run again at no cost.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
home=$(pwd -P)
stamp=target/setup.stamp

usage() {
  cat <<'TEXT'
Usage: ./setup.sh [COMMAND]

Makes this machine ready: finds or installs a JDK 25 and Maven, and builds. A second run costs
nothing. What it says goes to standard error.

Commands:
  (none)                  set up
  demo [OPTION...]        set up, then train a small model and show what it learned
        --seconds N         for how long to train (default 240)
        --data PATH         on this text: a file, folder or zip (default: the JDK's own sources)
        --json              end with one line of JSON
  test                    set up, then run all checks: tests, format, architecture, Javadoc
  --help                  this text

Environment:
  JAVA_HOME               a JDK 25 to use
  TORNADOVM_HOME          a TornadoVM SDK

Examples:
  ./setup.sh demo --seconds 60
  ./setup.sh demo --data ~/books --json
  ./setup.sh test
TEXT
}

say() { printf 'setup: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 2
}

# Runs a command as root, where that needs no password.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo -n "$@"
  else
    return 1
  fi
}

# Installs the first of the named packages that the system's package manager offers.
install_first() {
  local name
  if command -v apt-get >/dev/null; then
    for name in "$@"; do
      offered_by_apt "$name" || continue
      say "installing $name (apt-get)"
      as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$name" >&2 && return 0
    done
  elif command -v dnf >/dev/null; then
    for name in "$@"; do
      dnf -q info "$name" >/dev/null 2>&1 || continue
      say "installing $name (dnf)"
      as_root dnf install -y -q "$name" >&2 && return 0
    done
  elif command -v zypper >/dev/null; then
    for name in "$@"; do
      zypper --non-interactive search -x "$name" >/dev/null 2>&1 || continue
      say "installing $name (zypper)"
      as_root zypper --non-interactive install -y "$name" >&2 && return 0
    done
  elif command -v pacman >/dev/null; then
    for name in "$@"; do
      pacman -Si "$name" >/dev/null 2>&1 || continue
      say "installing $name (pacman)"
      as_root pacman -S --noconfirm --needed "$name" >&2 && return 0
    done
  elif command -v apk >/dev/null; then
    for name in "$@"; do
      [ -n "$(apk search -e "$name" 2>/dev/null)" ] || continue
      say "installing $name (apk)"
      as_root apk add -q "$name" >&2 && return 0
    done
  elif command -v brew >/dev/null; then
    for name in "$@"; do
      brew info "$name" >/dev/null 2>&1 || continue
      say "installing $name (brew)"
      brew install -q "$name" >&2 && return 0
    done
  fi
  return 1
}

# Package lists can be missing (containers) or old: they are read again once before giving up.
apt_updated=no
offered_by_apt() {
  if ! apt_has "$1" && [ "$apt_updated" = no ]; then
    apt_updated=yes
    as_root apt-get update -qq >&2 || true
  fi
  apt_has "$1"
}
apt_has() { apt-cache show --no-all-versions "$1" 2>/dev/null | grep -q '^Package:'; }

find_jdk() {
  if ! jdk=$(bin/find-jdk); then
    install_first temurin-25-jdk openjdk-25-jdk java-25-openjdk-devel jdk25-openjdk openjdk25 \
      openjdk@25 || true
    jdk=$(bin/find-jdk) ||
      fail "no JDK 25 here: install one (https://adoptium.net/temurin/releases/?version=25) and set JAVA_HOME to it"
  fi
}

find_maven() {
  local candidate
  for candidate in "$(command -v mvn || true)" "${MAVEN_HOME:-/none}/bin/mvn" \
    "${SDKMAN_DIR:-${HOME:-}/.sdkman}/candidates/maven/current/bin/mvn" /opt/*maven*/bin/mvn; do
    if [ -x "$candidate" ]; then
      maven=$candidate
      return
    fi
  done
  install_first maven || true
  maven=$(command -v mvn) || fail "no Maven here: install it (https://maven.apache.org/install.html) and put mvn on the PATH"
}

run_maven() {
  # Maven's own libraries use what JDK 25 warns about.
  MAVEN_OPTS="--sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED ${MAVEN_OPTS:-}" \
    JAVA_HOME=$jdk "$maven" -B -ntp -Dstyle.color=never "$@" </dev/null
}

# What the build was made from, besides the files that are newer than the stamp.
inputs() {
  printf '%s\n' "$jdk"
  git rev-parse HEAD 2>/dev/null || true
}

up_to_date() {
  [ -f "$stamp" ] && [ -f target/tornado-sse.jar ] && [ -f target/tornado-sse-embedded.jar ] &&
    [ -d target/lib ] && [ "$(cat "$stamp")" = "$(inputs)" ] &&
    [ -z "$(find pom.xml .mvn src/main src/embedded -newer "$stamp" -print -quit)" ]
}

build() {
  if up_to_date; then
    say "up to date"
    return
  fi
  say "building (the first time, Maven fetches the libraries)"
  run_stamped -q -DskipTests package >&2 || fail "the build failed, see above"
}

# Runs Maven and stamps what it has built with the time at which it began: what is edited meanwhile
# is newer and is built again.
run_stamped() {
  local began
  began=$(mktemp "${TMPDIR:-/tmp}/sse-setup.XXXXXX")
  run_maven "$@" || {
    rm -f "$began"
    return 1
  }
  inputs >"$stamp"
  touch -r "$began" "$stamp"
  rm -f "$began"
}

find_tornadovm() {
  local sdk=${TORNADOVM_HOME:-}
  if [ -z "$sdk" ] && [ -d "${SDKMAN_DIR:-${HOME:-}/.sdkman}/candidates/tornadovm/current" ]; then
    sdk=${SDKMAN_DIR:-${HOME:-}/.sdkman}/candidates/tornadovm/current
  fi
  if [ -z "$sdk" ]; then
    say "no TornadoVM SDK here (to get the released one: sdk install tornadovm, or" \
      "https://github.com/beehive-lab/TornadoVM/releases, then set TORNADOVM_HOME)"
    say "going on with the embedded runtime: the JVM's own threads"
  elif ls "$sdk"/share/java/tornado/tornado-api-*.jar >/dev/null 2>&1; then
    say "TornadoVM SDK: $sdk"
  else
    say "TORNADOVM_HOME=$sdk is no TornadoVM SDK: share/java/tornado/tornado-api-*.jar is not there"
    say "going on with the embedded runtime: the JVM's own threads"
  fi
}

set_up() {
  find_jdk
  say "JDK 25: $jdk"
  find_maven
}

case ${1:-} in
  "")
    set_up
    build
    find_tornadovm
    say "ready: bin/sse --help; ./setup.sh demo trains a small model in about four minutes"
    ;;
  demo)
    shift
    set_up
    build
    find_tornadovm
    exec "$home/bin/sse" demo "$@" </dev/null
    ;;
  test)
    shift
    set_up
    run_stamped verify "$@"
    ;;
  -h | --help | help)
    usage
    ;;
  *)
    echo "setup: unknown command '$1'; known: demo, test, --help" >&2
    exit 2
    ;;
esac
