# Steps that say what they do, how far they are and how long they took. Set STEPS to the number of steps first.
STEP=0
STEP_START=$SECONDS

step() {
  STEP=$((STEP + 1))
  [ "$STEP" -gt 1 ] && echo "    ($((SECONDS - STEP_START)) s)"
  STEP_START=$SECONDS
  printf '\n[%d/%d] %s\n' "$STEP" "$STEPS" "$1"
}

build() {  # [CONFIGURE=-D…] build PRESET [TARGET…]: configures and builds, quiet unless it fails
  local preset=$1; shift
  local log="build/$preset.log"
  mkdir -p build
  if ! cmake --preset "$preset" ${CONFIGURE:+"$CONFIGURE"} >"$log" 2>&1; then tail -40 "$log"; return 1; fi
  cmake --build --preset "$preset" ${1:+--target "$@"} 2>&1 | tee -a "$log" | build_progress
  local status=${PIPESTATUS[0]}
  [ "$status" -eq 0 ] || { grep -nE 'error|FAILED' -A6 "$log" | tail -60; return "$status"; }
}

build_progress() {  # one line a tenth of the build
  awk '{ if (match($0, /^\[[0-9]+\/[0-9]+\]/)) { split(substr($0, 2, RLENGTH - 2), n, "/"); t = int(10 * n[1] / n[2]);
         if (t != last) { printf "    built %d of %d\n", n[1], n[2]; fflush(); last = t } } }'
}
