# Installs what Relais needs on Debian 12 or 13. Sourced by scripts/test and scripts/demo; does nothing where all is there.

relais_packages() {
  local boost=1.81
  [ "$(cut -d. -f1 /etc/debian_version)" -ge 13 ] 2>/dev/null && boost=1.83
  # shellcheck disable=SC2086
  echo clang-19 clang-format-19 clang-tidy-19 lld-19 llvm-19 libclang-rt-19-dev cmake ninja-build ccache pkg-config git \
    libboost${boost}-dev libboost-json${boost}-dev librocksdb-dev libsqlite3-dev zlib1g-dev libzstd-dev libcapnp-dev capnproto libssl-dev libsodium-dev libp11-kit-dev softhsm2 \
    libcli11-dev libspdlog-dev libfmt-dev libtomlplusplus-dev prometheus-cpp-dev \
    libgtest-dev libgmock-dev librapidcheck-dev curl faketime jq openssl python3 python3-jwcrypto python3-jsonschema python3-yaml
}

install_packages() {
  local missing=() package
  for package in $(relais_packages) "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  echo "    missing: ${missing[*]}"
  local sudo=""
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "run this as root once, to install: ${missing[*]}" >&2; return 1; }
    sudo=sudo
  fi
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}
