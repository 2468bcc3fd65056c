#!/usr/bin/env bash
# Makes this machine ready: JDK 25, Maven, the build. Can be run again at no cost.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
home=$(pwd -P)
stamp=target/setup.stamp
# shellcheck source=bin/tornadovm.sh
. bin/tornadovm.sh

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
  test [--device NAME]    set up, then run all checks: tests, format, architecture, Javadoc; with a
                          device of a TornadoVM SDK such as opencl:0, the tests of it alone
  emitted [OPTION...]     set up, then let TornadoVM emit all GPU kernels as CUDA C, without a GPU, and nvcc
                          compile them: fails if one does not compile or spills registers; options are
                          those of 'sse emit'
  bench [OPTION...]       set up, then run the benchmarks of single operations (src/jmh) with JMH; options
                          are JMH's, such as a part of a benchmark's name, or -l to list them
  tornadovm [BACKEND]     install the TornadoVM SDK of this version for opencl, ptx, cuda or spirv
                          (default: cuda where nvidia-smi is, else opencl)
  --help                  this text

Environment:
  JAVA_HOME               a JDK 25 to use
  TORNADOVM_HOME          a TornadoVM SDK

Examples:
  ./setup.sh demo --seconds 60
  ./setup.sh demo --data ~/books --json
  ./setup.sh test
  ./setup.sh bench glaForward -p tier=vector -p dim=128
  ./setup.sh tornadovm ptx
  ./setup.sh test --device opencl:0
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
  local obstacle
  obstacle=$(tornado_obstacle "$jdk")
  if [ -z "$obstacle" ]; then
    say "TornadoVM SDK: $TORNADOVM_HOME ($(tornado_backends | tr '\n' ' ' | sed 's/ $//'))"
  else
    say "$obstacle"
    say "going on with the embedded runtime: the JVM's own threads"
  fi
}

# Downloads and unpacks the released SDK for backend $1 below ~/.tornadovm. A download that broke off
# goes on where it ended.
install_tornadovm() {
  local backend=${1:-} system name target archive digest
  if [ -z "$backend" ]; then
    backend=opencl
    if command -v nvidia-smi >/dev/null; then backend=cuda; fi
  fi
  case " $tornado_known " in
    *" $backend "*) ;;
    *) fail "no backend '$backend'; take one of: $tornado_known" ;;
  esac
  case $(uname -s)/$(uname -m) in
    Linux/x86_64) system=linux-amd64 ;;
    Darwin/arm64) system=mac-aarch64 ;;
    *) fail "TornadoVM $tornado_version is not released for $(uname -s) on $(uname -m): build it from https://github.com/beehive-lab/TornadoVM" ;;
  esac
  [ "$system/$backend" = mac-aarch64/opencl ] || [ $system = linux-amd64 ] ||
    fail "on macOS the released SDK has the backend opencl alone"
  command -v curl >/dev/null || install_first curl || fail "curl is not here: install it"
  name=tornadovm-$tornado_version-$backend
  target=${HOME:?}/.tornadovm
  archive=$target/$name-$system.zip
  if [ ! -f "$target/$name/etc/tornado.release" ]; then
    command -v unzip >/dev/null || install_first unzip || fail "unzip is not here: install it"
    mkdir -p "$target"
    say "downloading $name-$system.zip to $target"
    curl -fsL --retry 3 --connect-timeout 20 -C - -o "$archive" \
      "https://github.com/beehive-lab/TornadoVM/releases/download/v$tornado_version/$name-$system.zip" ||
      fail "cannot download the TornadoVM SDK from github.com (curl: $?); run this again where there is a network, it goes on where it ended"
    # The release has no checksum files; GitHub itself publishes a digest of each asset.
    digest=$(curl -fsL --connect-timeout 20 \
      "https://api.github.com/repos/beehive-lab/TornadoVM/releases/tags/v$tornado_version" |
      asset_digest "$name-$system.zip") || digest=""
    if [ -z "$digest" ]; then
      say "GitHub names no digest of it: checking only that the archive is whole"
    elif [ "$(sha256 "$archive")" != "$digest" ]; then
      rm -f "$archive"
      fail "the SHA-256 of $name-$system.zip is not the one that GitHub names; removed it, run this again"
    else
      say "its SHA-256 is the one that GitHub names"
    fi
    unzip -tqq "$archive" >&2 || {
      rm -f "$archive"
      fail "$name-$system.zip is damaged; removed it, run this again"
    }
    unzip -qo "$archive" -d "$target" >&2 || fail "cannot unpack $archive"
    rm -f "$archive"
  fi
  jdk=$(bin/find-jdk) || fail "no JDK 25 here: run ./setup.sh first"
  export TORNADOVM_HOME=$target/$name
  local obstacle
  obstacle=$(tornado_obstacle "$jdk")
  [ -z "$obstacle" ] || fail "$obstacle"
  say "TornadoVM $tornado_version is in $TORNADOVM_HOME; now: export TORNADOVM_HOME=$TORNADOVM_HOME; bin/sse devices"
}

# Reads GitHub's description of a release and prints the SHA-256 of asset $1, if it has one.
asset_digest() {
  tr ',' '\n' | awk -v name="\"$1\"" '
    /"name":/ { found = index($0, name) }
    found && /"digest": *"sha256:/ { sub(/.*sha256:/, ""); sub(/".*/, ""); print; exit }'
}

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# Runs the tests of the tiers that TornadoVM compiles on device $1 of the SDK: Surefire takes the launcher's flags.
test_device() {
  local obstacle command flags
  obstacle=$(tornado_obstacle "$jdk")
  if [ -n "$obstacle" ]; then
    say "the tests of device '$1' are skipped: $obstacle"
    return
  fi
  case $TORNADOVM_HOME$home in
    *' '*) fail "the tests of a device need paths without spaces: $TORNADOVM_HOME, $home" ;;
  esac
  build
  command=$(bin/sse --device "$1" --show-command) || exit 2
  case $command in
    *tornado-sse-embedded.jar*) fail "test --device takes a device of a TornadoVM SDK, such as opencl:0, not '$1'" ;;
  esac
  flags=${command#* }
  flags=$(printf '%s' "${flags%% -cp *}" | tr -d '\\')
  say "testing the tiers that TornadoVM compiles on $1"
  case $1 in
    cuda:*) run_maven -Pdevice "-Ddevice.flags=$flags" -Ddevice.tests=Cuda test ;;
    *) run_maven -Pdevice "-Ddevice.flags=$flags" test ;;
  esac
}

# Checks the code that TornadoVM emits for the GPU tier, with the options of `sse emit` from $1 on.
check_emitted() {
  local obstacle
  obstacle=$(tornado_obstacle "$jdk")
  [ -n "$obstacle" ] || tornado_backends | grep -qx cuda || obstacle="the TornadoVM SDK has no backend cuda"
  [ -n "$obstacle" ] || command -v nvcc >/dev/null || obstacle="no nvcc on the search path"
  if [ -n "$obstacle" ]; then
    say "the check of emitted code is skipped: $obstacle"
    return
  fi
  build
  bin/sse emit --backend cuda --tier gpu --no-spills --out target/emitted "$@" </dev/null
}

# Runs JMH with its options from $1 on, in JVMs with the flags of bin/sse: JMH hands its own on.
run_benchmarks() {
  local command flags
  build
  say "compiling the benchmarks"
  run_maven -q -Pjmh -Dspotless.check.skip -DskipTests test-compile dependency:build-classpath \
    -Dmdep.includeScope=test -Dmdep.outputFile=target/jmh.classpath >&2 || fail "the benchmarks do not compile, see above"
  command=$(bin/sse --device jvm --show-command)
  command=${command#* }
  flags=${command%% -cp *}
  # As the launcher quoted them.
  eval "flags=($flags)"
  "$jdk/bin/java" "${flags[@]}" -cp "target/test-classes:target/classes:$(cat target/jmh.classpath)" \
    org.openjdk.jmh.Main "$@" </dev/null
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
  tornadovm)
    shift
    install_tornadovm "$@"
    ;;
  test)
    shift
    set_up
    if [ "${1:-}" = --device ]; then
      [ $# = 2 ] || fail "test --device needs one device, such as opencl:0"
      test_device "$2"
      exit
    fi
    run_stamped -Pjmh verify "$@"
    ;;
  emitted)
    shift
    set_up
    check_emitted "$@"
    ;;
  bench)
    shift
    set_up
    run_benchmarks "$@"
    ;;
  -h | --help | help)
    usage
    ;;
  *)
    echo "setup: unknown command '$1'; known: demo, test, emitted, bench, tornadovm, --help" >&2
    exit 2
    ;;
esac
