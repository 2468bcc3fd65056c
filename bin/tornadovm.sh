# Sourced by bin/sse and by setup.sh: how a program is started under a TornadoVM SDK, and which
# devices one has. Sets nothing but functions and the SDK's version.

tornado_version=5.2.0-jdk25

# Backends in the order of preference of `--device auto`.
tornado_known="cuda ptx opencl spirv"

# Prints what is wrong with the SDK or JDK $1, or nothing.
tornado_obstacle() {
  local sdk=${TORNADOVM_HOME:-} version
  if [ -z "$sdk" ]; then
    echo "no TornadoVM SDK: ./setup.sh tornadovm installs one, then set TORNADOVM_HOME to it"
  elif [ ! -f "$sdk/etc/tornado.release" ] || [ ! -d "$sdk/share/java/tornado" ]; then
    echo "TORNADOVM_HOME=$sdk is no TornadoVM SDK: etc/tornado.release or share/java/tornado is missing"
  else
    version=$(sed -n 's/^version=//p' "$sdk/etc/tornado.release")
    if [ "$version" != "$tornado_version" ]; then
      echo "the TornadoVM SDK in $sdk is $version, and this needs $tornado_version: ./setup.sh tornadovm installs it"
    else
      version=$(sed -n 's/^JAVA_VERSION="\(.*\)"/\1/p' "$1/release")
      case $version in
        25 | 25.0.1 | 25.0.1.*)
          echo "TornadoVM $tornado_version needs JDK 25.0.2 or newer, and $1 is $version: set JAVA_HOME to a newer one"
          ;;
      esac
    fi
  fi
}

# Prints the backends that the SDK has been built with.
tornado_backends() {
  sed -n 's/^tornado.backends=//p' "$TORNADOVM_HOME/etc/tornado.backend" | tr ',' '\n' |
    sed 's/-backend.*//'
}

# Sets the array `tornado_flags`: JVM flags for backend $2 alone on JDK $1. Jars of other backends
# stay away from the module path, as one without a driver would keep the runtime from starting.
tornado_flags_for() {
  local jdk=$1 backend=$2 sdk=$TORNADOVM_HOME jar path="" lists="common $2" modules
  modules=ALL-SYSTEM,tornado.runtime,tornado.annotation,tornado.drivers.common,tornado.drivers.$2
  # SPIR-V is dispatched through OpenCL or Level Zero.
  if [ "$backend" = spirv ]; then
    lists="common opencl spirv"
    modules=$modules,tornado.drivers.opencl
  fi
  for jar in "$sdk"/share/java/tornado/*.jar; do
    case ${jar##*/} in
      *-libs.jar | tornado-unittests-* | tornado-examples-* | tornado-benchmarks-* | tornado-fuzz-*) continue ;;
      tornado-drivers-common-*) ;;
      tornado-drivers-opencl-*) [ "$backend" = opencl ] || [ "$backend" = spirv ] || continue ;;
      tornado-drivers-*) case ${jar##*/} in tornado-drivers-"$backend"-*) ;; *) continue ;; esac ;;
      tornado-cu*) [ "$backend" = cuda ] || continue ;;
    esac
    path=$path${path:+:}$jar
  done
  tornado_flags=(
    -XX:+UnlockExperimentalVMOptions
    -XX:+EnableJVMCI
    --enable-preview
    "-Djava.library.path=$sdk/lib"
    --module-path "$path"
    -Dtornado.load.api.implementation=uk.ac.manchester.tornado.runtime.tasks.TornadoTaskGraph
    -Dtornado.load.runtime.implementation=uk.ac.manchester.tornado.runtime.TornadoCoreRuntime
    -Dtornado.load.tornado.implementation=uk.ac.manchester.tornado.runtime.common.Tornado
    -Dtornado.load.annotation.implementation=uk.ac.manchester.tornado.annotation.ASMClassVisitor
    -Dtornado.load.annotation.parallel=uk.ac.manchester.tornado.api.annotations.Parallel
  )
  # A GraalVM has the compiler's modules; another JDK takes the SDK's.
  if ! grep -q GRAALVM_VERSION "$jdk/release"; then
    tornado_flags+=(--upgrade-module-path "$sdk/share/java/graalJars")
  fi
  local list
  for list in $lists; do
    tornado_flags+=("@$sdk/etc/exportLists/$list-exports")
  done
  tornado_flags+=(
    --add-modules "$modules"
    --enable-native-access=ALL-UNNAMED,tornado.drivers."$backend"
    # TornadoVM takes the backend of highest priority first; SPIR-V's OpenCL is only its means.
    "-Dtornado.$backend.priority=100"
    # A kernel that does not compile is an error, never sequential Java.
    -Dtornado.recover.bailout=False
    -Dtornado.tvm.maxbytecodesize=1048576
  )
}

# Prints the devices of backend $2 as the class DeviceProbe does, from class path $3 on JDK $1; fails
# with one line on standard error. Drivers write to standard output, too: what is no device is theirs.
tornado_probe() {
  tornado_flags_for "$1" "$2"
  local errors found status=0
  errors=$(mktemp "${TMPDIR:-/tmp}/sse-probe.XXXXXX")
  found=$("$1/bin/java" "${tornado_flags[@]}" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$3" \
    io.github.tornadosse.cli.DeviceProbe "$2" </dev/null 2>"$errors") || status=$?
  if [ $status = 0 ]; then
    printf '%s\n' "$found" | grep "^[0-9][0-9]*	" || {
      status=2
      echo "it lists none" >&2
    }
  else
    grep -v '^WARNING' "$errors" | tail -n 1 >&2
  fi
  rm -f "$errors"
  return $status
}

# Prints the name of the profile for backend $1 and kind of device $2.
tornado_profile() {
  case $1/$2 in
    opencl/cpu) echo opencl-cpu ;;
    opencl/*-fpga) echo "$2" ;;
    opencl/*) echo opencl-gpu ;;
    *) echo "$1" ;;
  esac
}
