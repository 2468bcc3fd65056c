# Sourced by bin/sse for the command `emit`: lets TornadoVM compile kernels, without a device where
# it can, for each backend in a JVM of its own.

# Prints why backend $1 cannot compile here, or nothing. Backends without virtual devices need one.
emit_obstacle() {
  local found
  case $1 in
    opencl | cuda) ;;
    *)
      found=$(tornado_probe "$jdk" "$1" "$main" 2>&1) ||
        echo "TornadoVM has no virtual device for '$1', and the backend finds none here: $found"
      ;;
  esac
}

# Runs the program with the arguments from $2 on for backend $1.
emit_backend() {
  local backend=$1 work status=0 flags command
  shift
  tornado_flags_for "$jdk" "$backend"
  work=$(mktemp -d "${TMPDIR:-/tmp}/sse-emit.XXXXXX")
  flags=(
    "${tornado_flags[@]}"
    -Dtornado.printKernel=True
    "-Dtornado.print.kernel.dir=$work/kernel"
    --add-modules jdk.incubator.vector
    -Djava.awt.headless=true
    -Dfile.encoding=UTF-8
    -Dstdout.encoding=UTF-8
    -Dstderr.encoding=UTF-8
    "-Dsse.home=$home"
  )
  case $backend in
    opencl | cuda)
      flags+=(-Dtornado.virtual.device=True "-Dtornado.device.desc=$home/tornado-config/devices/virtual-gpu.json")
      ;;
  esac
  if [ -t 2 ] && [ "${TERM:-dumb}" != dumb ] && [ -z "${CI:-}" ]; then
    flags+=(-Dsse.terminal=true)
  fi
  # Split on purpose: several flags in one variable.
  # shellcheck disable=SC2206
  flags+=(${SSE_JAVA_OPTS:-})
  command=("$jdk/bin/java" "${flags[@]}" -cp "$main" io.github.tornadosse.cli.Main "$@" --backend "$backend")
  if [ "$show" = yes ]; then
    printf '%q ' "${command[@]}"
    echo
  else
    "${command[@]}" || status=$?
  fi
  rm -rf "$work"
  return $status
}

# The command `emit` with the arguments of the program; does not return.
emit() {
  local wanted=all rest=() obstacle backend status=0 worst=0
  while [ $# -gt 0 ]; do
    case $1 in
      --backend)
        [ $# -gt 1 ] || fail "$1 needs a value; see 'sse emit --help'"
        wanted=$2
        shift
        ;;
      --backend=*) wanted=${1#*=} ;;
      *) rest+=("$1") ;;
    esac
    shift
  done
  [ -z "$named" ] || fail "emit is for no device: it takes --backend, not --device"
  case " all $tornado_known " in
    *" $wanted "*) ;;
    *) fail "--backend must be all or one of $tornado_known, not '$wanted'" ;;
  esac
  obstacle=$(tornado_obstacle "$jdk")
  [ -z "$obstacle" ] || fail "$obstacle"
  if [ "$wanted" != all ]; then
    tornado_backends | grep -qx "$wanted" ||
      fail "the TornadoVM SDK in $TORNADOVM_HOME has no backend '$wanted', only: $(tornado_backends | tr '\n' ' ' | sed 's/ $//')"
    obstacle=$(emit_obstacle "$wanted")
    [ -z "$obstacle" ] || fail "$obstacle"
    emit_backend "$wanted" "${rest[@]}" || status=$?
    exit $status
  fi
  for backend in $tornado_known; do
    tornado_backends | grep -qx "$backend" || continue
    obstacle=$(emit_obstacle "$backend")
    if [ -n "$obstacle" ]; then
      say "$backend is left out: $obstacle"
      continue
    fi
    status=0
    emit_backend "$backend" "${rest[@]}" || status=$?
    [ $status -le $worst ] || worst=$status
  done
  exit $worst
}
