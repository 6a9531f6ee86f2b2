#!/usr/bin/env bash
# Builds the static programs that people download: scripts/release.sh [TARGET…]
#
# For each target (x86_64-unknown-linux-musl and aarch64-unknown-linux-musl unless some are named), writes to dist/:
#   leoflow-TARGET             the program: static, stripped, its dependency list inside (cargo auditable)
#   leoflow-TARGET.cdx.json    that list as an SBOM (CycloneDX)
#   leoflow-TARGET.sha256      the checksum of both, for `sha256sum -c`
#
# Needs rustup's cargo, and zig, the one C compiler that makes both on any host: `pip install ziglang`, or on PATH.
set -euo pipefail
cd "$(dirname "$0")/.."

targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then targets=(x86_64-unknown-linux-musl aarch64-unknown-linux-musl); fi
target_directory=${CARGO_TARGET_DIR:-$PWD/target}
tools=$target_directory/release-tools

fail() {
    printf 'release.sh: %s\n' "$1" >&2
    exit 1
}

need() {
    command -v "$1" >/dev/null || cargo install --locked --quiet "$1@$2" || fail "cannot install $1: cargo install --locked $1"
}

find_zig() {
    if command -v zig; then return; fi
    python3 -c 'import ziglang' 2>/dev/null || fail 'there is no zig: pip install ziglang'
    echo "$(command -v python3) -m ziglang"
}

# Writes what cargo takes for the C compiler and archiver of a target: zig knows it as ARCH-linux-musl.
c_compiler() {
    local target=$1 name=${1%%-*}-linux-musl
    mkdir -p "$tools"
    # cc passes rustc's name of the target, which zig does not know; it has its own.
    cat >"$tools/cc-$target" <<EOF
#!/usr/bin/env bash
arguments=()
for argument; do case \$argument in --target=*) ;; *) arguments+=("\$argument") ;; esac; done
exec $zig cc -target $name -fno-sanitize=all "\${arguments[@]}"
EOF
    printf '#!/usr/bin/env bash\nexec %s ar "$@"\n' "$zig" >"$tools/ar-$target"
    chmod +x "$tools/cc-$target" "$tools/ar-$target"
}

# Writes what links a target: rustc's own linker, which brings musl along, and an empty libm for who asks for one: musl has
# it in libc.
linker() {
    local target=$1 own
    own=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/rust-lld
    mkdir -p "$tools/$target"
    printf '!<arch>\n' >"$tools/$target/libm.a"
    # rustc tells from the name how to speak to it.
    printf '#!/usr/bin/env bash\nexec "%s" "$@" -L "%s"\n' "$own" "$tools/$target" >"$tools/$target/rust-lld"
    chmod +x "$tools/$target/rust-lld"
}

# No path of this machine gets into the program.
remap() {
    local cargo_home=${CARGO_HOME:-$HOME/.cargo}
    echo "--remap-path-prefix=$cargo_home=/cargo --remap-path-prefix=$PWD=/leoflow --remap-path-prefix=$target_directory=/target"
}

build() {
    local target=$1 variable=${1//-/_}
    rustup target add "$target" >/dev/null 2>&1 || rustup target list --installed | grep -qx "$target" ||
        fail "cannot install the standard library of $target: rustup target add $target"
    c_compiler "$target"
    linker "$target"
    env "CC_$variable=$tools/cc-$target" "AR_$variable=$tools/ar-$target" \
        "CARGO_TARGET_${variable^^}_LINKER=$tools/$target/rust-lld" "CARGO_TARGET_${variable^^}_RUSTFLAGS=$(remap)" \
        LEOFLOW_COMMIT="$(git rev-parse HEAD 2>/dev/null || true)" \
        cargo auditable build --release --locked --bin leoflow --target "$target"
}

deliver() {
    local target=$1 name=leoflow-$1
    install -m 755 "$target_directory/$target/release/leoflow" "dist/$name"
    # The tool names the file's directory in what it writes.
    (cd dist && auditable2cdx "$name" >"$name.cdx.json")
    (cd dist && sha256sum "$name" "$name.cdx.json" >"$name.sha256")
    printf '%s\n' "dist/$name: $(($(wc -c <"dist/$name") / 1048576)) MiB"
}

zig=$(find_zig)
need cargo-auditable 0.7.7
need auditable2cdx 0.1.0
mkdir -p dist
for target in "${targets[@]}"; do
    build "$target"
    deliver "$target"
done
