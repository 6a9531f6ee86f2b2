//! The media types of manifests, configs and layers (OCI image-spec, media-types.md; Docker image manifest v2.2).

/// An OCI image index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// An OCI image manifest.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// An OCI image config.
pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// An OCI layer, not compressed.
pub const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
/// An OCI layer, gzip.
pub const OCI_LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// An OCI layer, zstd.
pub const OCI_LAYER_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
/// A Docker manifest list.
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// A Docker image manifest, schema 2.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// A Docker image manifest, schema 1: no config, no digests of what it unpacks to.
pub const DOCKER_SCHEMA_1: &str = "application/vnd.docker.distribution.manifest.v1+json";
/// A Docker image config.
pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
/// A Docker layer, gzip.
pub const DOCKER_LAYER_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// Everything a pull accepts, in order of preference.
pub const ACCEPTED: [&str; 4] = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST];

/// The layers that can be built on, as the OCI and as the Docker family name them: the same bytes either way.
const LAYERS: [(&str, &str); 6] = [
    (OCI_LAYER, "application/vnd.docker.image.rootfs.diff.tar"),
    (OCI_LAYER_GZIP, DOCKER_LAYER_GZIP),
    // Docker's specification has no zstd; BuildKit 0.10 and 0.11 wrote this nevertheless (moby/buildkit#3968).
    (OCI_LAYER_ZSTD, "application/vnd.docker.image.rootfs.diff.tar.zstd"),
    ("application/vnd.oci.image.layer.nondistributable.v1.tar", "application/vnd.docker.image.rootfs.foreign.diff.tar"),
    (
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ),
    (
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.zstd",
    ),
];

/// Returns a layer's media type by its OCI name, or nothing when it is no layer that a runtime unpacks.
#[must_use]
pub fn oci_layer(media_type: &str) -> Option<&'static str> {
    LAYERS.into_iter().find(|(oci, docker)| media_type == *oci || media_type == *docker).map(|(oci, _)| oci)
}
