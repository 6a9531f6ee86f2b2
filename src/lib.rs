//! leoflow takes an Airflow-style DAG from a directory to a registered, digest-pinned image.
//!
//! # One way through
//!
//! Data moves forward as values; nothing is written, re-read and rewritten on the way. [`deploy::deploy`] is this table:
//!
//! ```text
//! project::load(dir)                      -> Project        leoflow.yaml and where things are
//! dag::compile(&Project, ..)              -> Compiled       dag.py executed, overlaid, checked; in memory
//! project::files(&Project, ..)            -> Packed         what goes into the image, as a plan
//! layers::assemble(&FileSet, ..)          -> Layer          one pass: tar, both digests, compressed blob
//! registry.pull_bases(&Reference, ..)     -> [BaseImage]    manifest and config a platform; layers stay remote
//! inspect::Inspection                     -> Facts          what the base has, from its layers as a stream, once
//! packages::resolve(.., &Index, ..)       -> Lock           exact wheels a platform; or from a lock file
//! packages::install(&Lock, ..)            -> [Batch]        wheels that share a layer, as an installer would leave them
//! image::append(BaseImage, layers, ..)    -> Image          pure: the digest is known here; of several, an index
//! registry.push(&Repository, &Tag, ..)    -> Pushed         an Artifact goes in; holds the PinnedReference
//! DagSpec::pin(self, PinnedReference)     -> PinnedDagSpec
//! control_plane.register(&PinnedDagSpec)  -> Registration   takes nothing unpinned: the type forbids it
//! ```
//!
//! `build` is this road turned at the last crossing: [`layout::save`] instead of a push. `deploy --image-layout` joins it
//! there: [`layout::Layout`] gives the image that was built elsewhere, and the project's layer, made anew, shows that spec
//! and image belong together.
//!
//! # Code map
//!
//! | room | turns what into what | imports |
//! |---|---|---|
//! | [`layers`] (a crate of its own) | files into a layer; no network, clock, environment, async | |
//! | [`reference`](mod@reference) | names of images, parsed once at the edge | layers |
//! | [`image`] | a base and layers into manifest and config bytes; no I/O | layers, reference |
//! | [`cache`] | what was made or fetched before into what is not made or fetched again | layers |
//! | [`layout`] | image layouts and archives, directory or tar, into images, and back; no network | image, layers, reference |
//! | [`credentials`] | configuration files, variables or a cloud's identity into one credential | http, reference, source |
//! | [`registry`] | bases in, images out (OCI distribution 1.1) | cache, credentials, image, layers, reference |
//! | [`code`] | the kinds of fault, by number: one table for errors, `leoflow explain` and docs/errors.md | |
//! | [`project`] | a directory into values: leoflow.yaml, files, version | code, layers, reference |
//! | [`python`] | dag.py into the structure it declares, in a sandboxed child process | code, source |
//! | [`dag`] | that structure and leoflow.yaml into dag.json | code, packages, project, python, reference |
//! | [`graph`] | a spec into pictures of it: text, Mermaid, dot, SVG, JSON; no I/O | dag |
//! | [`diff`] | two specs, images or sets of packages into what differs; no I/O | image, layers |
//! | [`inspect`] | a base image's layers into what it has: its Python, its packages, its C library | image, layers |
//! | [`packages`] | requirements into layers, for the target and never for the host | cache, http, inspect, project |
//! | [`control_plane`] | pinned specs into registrations | dag |
//! | [`record`] | registrations into what was deployed from this machine, and back | control_plane, dag, image, layers, reference |
//! | [`sandbox`] | a directory into two servers on loopback | dag, image, layers |
//! | [`mod@deploy`] | all of them into the road above | all |
//! | [`cli`] | arguments into requests, results into text | all |
//!
//! `secret`, `source`, `time`, `http` and `tls` are small and shared: a text that never shows, a place in the user's file, why an
//! exchange failed, whom TLS trusts.
//!
//! # Invariants
//!
//! - **Nothing unpinned is registered.** [`dag::PinnedDagSpec`] is made from a digest that we computed, or from a dag.json
//!   that holds one, and it is all that [`control_plane::ControlPlane::register`] takes.
//! - **Bytes are the truth.** A config or manifest is serialized once; those bytes are hashed, and those bytes are sent.
//! - **A digest depends on the project, its packages, the base's digest, this program's version and `--compression`**, and
//!   on nothing else: not on user, umask, time, locale, directory, file order, cores or operating system.
//! - **`layers` and `image` do no network I/O, `registry` knows neither projects nor DAGs**, and only [`cli`] reads the
//!   environment, the working directory and the terminal. `tests/it/architecture.rs` holds these lines.
//! - **Layers of a base in a registry never touch the disk** on the way to another; they are mounted, or streamed.
//!
//! # What is absent, and why
//!
//! There is no Dockerfile, no container runtime, and no host Python: dag.py runs in an interpreter inside this binary,
//! because a build host may have none of them; who has a Python may name it (`--python`). There are no mock traits: fakes
//! speak HTTP. There is no plug-in point and no configuration of tar headers, threads or block sizes: one project would have
//! two digests. `--compression` does that where its name says so.

#![recursion_limit = "256"]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod cache;
pub mod cli;
pub mod code;
pub mod control_plane;
pub mod credentials;
pub mod dag;
pub mod deploy;
pub mod diff;
pub mod graph;
mod http;
pub mod image;
pub mod inspect;
pub mod layout;
pub mod packages;
pub mod project;
pub mod python;
pub mod record;
pub mod reference;
pub mod registry;
pub mod sandbox;
pub mod secret;
pub mod source;
mod time;
mod tls;

pub use leoflow_layers as layers;
