# What demo/run, tests/run and tests/bench share: what a machine must have. Sourced, from the root of the checkout.
# Every function says what it installs before it does, and does nothing where all is there.

export PATH="$HOME/.cargo/bin:$PATH"
target=${CARGO_TARGET_DIR:-target}

step() { printf '\n== %s\n' "$*"; }
fail() { printf '\n%s\n' "$*" >&2; exit 1; }

# Rust with the browser's target, and the sources of its standard library: the bundler builds it for size. rustup brings compiler, clippy and rustfmt by itself (rust-toolchain.toml).
need_rust() {
  command -v cargo >/dev/null || fail "Rust is missing: install it with rustup, see https://rustup.rs, and start again."
  local libraries sources
  libraries=$(rustc --print target-libdir --target wasm32-unknown-unknown)
  sources=$(rustc --print sysroot)/lib/rustlib/src/rust/library
  [ -d "$libraries" ] && [ -d "$sources" ] && return
  command -v rustup >/dev/null || fail "This Rust cannot build for browsers: the target wasm32-unknown-unknown or rust-src is missing.
Install Rust with rustup (https://rustup.rs), or your distribution's packages of the two, and start again."
  step "installing for Rust: target wasm32-unknown-unknown, component rust-src"
  rustup target add wasm32-unknown-unknown
  rustup component add rust-src
}

# Debian packages.
need_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep "ok installed" >/dev/null || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  command -v apt-get >/dev/null || fail "Please install: ${missing[*]} (this script knows Debian's apt-get only)."
  local root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "Please run as root, or install sudo: these packages are missing: ${missing[*]}"
    root=(sudo)
  fi
  step "installing with apt-get: ${missing[*]}"
  "${root[@]}" apt-get update -q
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# A program from a crate, in the version named, kept under the target folder: crate, program, version, options. It is compiled
# to be there soon, not to be fast: none of them has much to do.
need_tool() {
  local crate=$1 program=$2 version=$3
  shift 3
  local tools=$PWD/target/tools
  case ":$PATH:" in *":$tools/bin:"*) ;; *) export PATH="$tools/bin:$PATH" ;; esac
  "$program" --version 2>/dev/null | grep -F "$version" >/dev/null && return
  step "installing with cargo: $crate $version"
  CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    cargo install "$crate" --version "$version" --root "$tools" "$@"
}
