#!/bin/sh
# Builds a base image like the runtime that projects deploy on, as an OCI layout, without any container engine:
# Debian with its Python, an agent that executes one task function, and enough of `airflow` to import a dag.py.
#
#   build.sh CACHE
#
# Prints the layout's path under CACHE; what was built before from the same files is used again. The image is named
# `base` in the layout: an index with one entry, for linux/amd64.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
key=$(cd "$here" && find . -type f ! -name '*.pyc' -exec sha256sum {} + | LC_ALL=C sort | sha256sum | cut -c1-16)
finished=$1/base-$key
if [ -e "$finished/index.json" ]; then
    echo "$finished"
    exit
fi

exec 3>&1 >&2
mkdir -p "$1"
work=$(mktemp -d "$1/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
layout=$work/layout

deterministic_tar() { # ROOT: a tar of everything under it, on stdout
    tar --sort=name --mtime=@0 --numeric-owner --format=pax \
        --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime -C "$1" -cf - .
}

# The system. Without what a container never reads: package lists, downloaded packages, manuals, translations.
debootstrap --variant=minbase --include=python3 bookworm "$work/system" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}"
(
    cd "$work/system"
    rm -rf var/cache/apt var/lib/apt/lists var/log
    rm -rf usr/share/doc usr/share/info usr/share/man usr/share/locale usr/share/i18n
    find dev -mindepth 1 -delete
    mkdir -p var/log var/lib/apt/lists/partial var/cache/apt/archives/partial
)

# What makes it a runtime: the user, the home of the project, the agent, the stand-in.
echo 'leoflow:x:65532:65532::/home/leoflow:/bin/sh' >>"$work/system/etc/passwd"
echo 'leoflow:x:65532:' >>"$work/system/etc/group"
runtime=$work/runtime
packages=$runtime/usr/lib/python3/dist-packages
install -d "$runtime/home/leoflow" "$runtime/usr/local/bin" "$packages"
install -m 0755 "$here/leoflow-agent" "$runtime/usr/local/bin/leoflow-agent"
cp -R "$here/airflow" "$packages/airflow"
find "$runtime" -name __pycache__ -prune -exec rm -rf {} +
chmod -R u=rwX,go=rX "$runtime"

deterministic_tar "$work/system" >"$work/system.tar"
deterministic_tar "$runtime" >"$work/runtime.tar"

umoci init --layout "$layout"
umoci new --image "$layout:amd64"
umoci config --image "$layout:amd64" --architecture amd64 --os linux
umoci raw add-layer --image "$layout:amd64" "$work/system.tar"
umoci raw add-layer --image "$layout:amd64" "$work/runtime.tar"
umoci config --image "$layout:amd64" \
    --config.user 65532:65532 --config.workingdir /home/leoflow --config.entrypoint /usr/local/bin/leoflow-agent \
    --config.env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    --config.env PYTHONDONTWRITEBYTECODE=1 --config.label org.opencontainers.image.title=leoflow-e2e-runtime
umoci gc --layout "$layout"

# An index over it, as real bases are: umoci has no word for one, and it is ten lines of JSON.
media=application/vnd.oci.image
blob() { # FILE: stores it as a blob, prints its digest
    blob_digest=$(sha256sum "$1" | cut -d' ' -f1)
    cp "$1" "$layout/blobs/sha256/$blob_digest"
    echo "sha256:$blob_digest"
}
skopeo inspect --raw "oci:$layout:amd64" >"$work/manifest.json"
cat >"$work/index.json" <<EOF
{"schemaVersion":2,"mediaType":"$media.index.v1+json","manifests":[{"mediaType":"$media.manifest.v1+json",
"digest":"$(blob "$work/manifest.json")","size":$(wc -c <"$work/manifest.json"),
"platform":{"architecture":"amd64","os":"linux"}}]}
EOF
cat >"$layout/index.json" <<EOF
{"schemaVersion":2,"manifests":[{"mediaType":"$media.index.v1+json",
"digest":"$(blob "$work/index.json")","size":$(wc -c <"$work/index.json"),
"annotations":{"org.opencontainers.image.ref.name":"base"}}]}
EOF

rm -rf "$finished"
mv "$layout" "$finished"
echo "$finished" >&3
