# Sourced by bin/sse for the command `emit`: lets TornadoVM compile kernels, without a device where
# it can, for each backend in a JVM of its own.

# Whether TornadoVM's virtual device of backend $1 compiles tier $2: it has none for the other
# backends, and refuses kernels with tensor cores on that of CUDA.
emit_virtually() {
  case $1/$2 in
    cuda/cuda) return 1 ;;
    opencl/* | cuda/*) return 0 ;;
    *) return 1 ;;
  esac
}

# Prints why backend $1 cannot compile tier $2 here, or nothing.
emit_obstacle() {
  local found
  emit_virtually "$1" "$2" || found=$(tornado_probe "$jdk" "$1" "$main" 2>&1) ||
    echo "TornadoVM has no virtual device that compiles tier '$2' for '$1', and the backend finds no device here: $found"
}

# Runs the program with the arguments from $3 on for backend $1 and tier $2.
emit_backend() {
  local backend=$1 tier=$2 work status=0 flags command
  shift 2
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
  if emit_virtually "$backend" "$tier"; then
    flags+=(-Dtornado.virtual.device=True "-Dtornado.device.desc=$home/tornado-config/devices/virtual-gpu.json")
  fi
  if [ -t 2 ] && [ "${TERM:-dumb}" != dumb ] && [ -z "${CI:-}" ]; then
    flags+=(-Dsse.terminal=true)
  fi
  # Split on purpose: several flags in one variable.
  # shellcheck disable=SC2206
  flags+=(${SSE_JAVA_OPTS:-})
  command=("$jdk/bin/java" "${flags[@]}" -cp "$main" io.github.tornadosse.cli.Main "$@" --backend "$backend" --tier "$tier")
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
  local wanted=all tier=gpu rest=() obstacle backend status=0 worst=0
  while [ $# -gt 0 ]; do
    case $1 in
      --backend)
        [ $# -gt 1 ] || fail "$1 needs a value; see 'sse emit --help'"
        wanted=$2
        shift
        ;;
      --backend=*) wanted=${1#*=} ;;
      --tier)
        [ $# -gt 1 ] || fail "$1 needs a value; see 'sse emit --help'"
        tier=$2
        shift
        ;;
      --tier=*) tier=${1#*=} ;;
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
    obstacle=$(emit_obstacle "$wanted" "$tier")
    [ -z "$obstacle" ] || fail "$obstacle"
    emit_backend "$wanted" "$tier" "${rest[@]}" || status=$?
    exit $status
  fi
  for backend in $tornado_known; do
    tornado_backends | grep -qx "$backend" || continue
    obstacle=$(emit_obstacle "$backend" "$tier")
    if [ -n "$obstacle" ]; then
      say "$backend is left out: $obstacle"
      continue
    fi
    status=0
    emit_backend "$backend" "$tier" "${rest[@]}" || status=$?
    [ $status -le $worst ] || worst=$status
  done
  exit $worst
}
