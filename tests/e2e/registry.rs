//! Debian's `docker-registry`, with or without a password, and the requests it served.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::base::{self, Base};
use crate::leoflow::Home;
use crate::programs::{command, run, write_private};
use crate::server::Server;

/// Who may use a registry.
pub(crate) enum Access<'a> {
    /// Everybody.
    Open,
    /// One user.
    Basic { username: &'a str, password: &'a str },
}

/// A running registry.
pub(crate) struct Registry {
    /// `127.0.0.1:port`
    pub(crate) host: String,
    server: Server,
    markers: usize,
    _directory: TempDir,
}

impl Registry {
    /// Starts an empty registry on a free port of loopback.
    pub(crate) fn start(access: &Access) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let configuration = directory.path().join("config.yml");
        write_private(&configuration, &configure(directory.path(), access));
        let mut server = Server::start("docker-registry", command("docker-registry").arg("serve").arg(configuration));
        let line = server.wait_for("listening on 127.0.0.1:");
        let host = line.split("listening on ").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
        Self { host, server, markers: 0, _directory: directory }
    }

    /// Copies the base image here.
    pub(crate) fn hold_base(&self, home: &Home) -> Base {
        let reference = format!("{}/runtime/python:py3.11", self.host);
        let skopeo = || {
            let mut skopeo = command("skopeo");
            skopeo.args(["--insecure-policy"]);
            skopeo
        };
        let authfile = home.registry_logins();
        run(skopeo()
            .args(["copy", "--all", "--quiet", "--dest-tls-verify=false", "--dest-authfile"])
            .arg(&authfile)
            .args([base::layout(), &format!("docker://{reference}")]));
        let inspected = run(skopeo()
            .args(["inspect", "--tls-verify=false", "--authfile"])
            .arg(&authfile)
            .arg(format!("docker://{reference}")));
        let inspected: Value = serde_json::from_str(&inspected).unwrap();
        let layers = inspected["Layers"].as_array().unwrap().iter().map(|layer| layer.as_str().unwrap().to_owned());
        Base { layers: layers.collect(), reference }
    }

    /// Returns the requests served since the last call.
    pub(crate) fn requests(&mut self) -> Vec<Request> {
        self.markers += 1;
        let marker = format!("/marker-{}-", self.markers);
        self.get(&marker);
        let lines = self.server.lines_until(&marker);
        lines.iter().filter_map(|line| Request::parse(line)).filter(|request| request.path != marker).collect()
    }

    /// Asks for something that does not exist, which the access log then shows after all that came before.
    fn get(&self, path: &str) {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    }
}

fn configure(directory: &Path, access: &Access) -> String {
    let storage = directory.join("storage");
    let mut text = format!(
        "version: 0.1\nlog: {{level: info}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
         http: {{addr: '127.0.0.1:0', secret: the-one-of-a-test}}\n",
        storage.display()
    );
    if let Access::Basic { username, password } = access {
        let users = directory.join("htpasswd");
        write_private(&users, &run(command("htpasswd").args(["-nbB", username, password])));
        text.push_str(&format!("auth: {{htpasswd: {{realm: e2e, path: {}}}}}\n", users.display()));
    }
    text
}

/// One line of a registry's access log.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    pub(crate) status: u16,
}

impl Request {
    /// Reads a line in Apache's combined format; other lines are none.
    fn parse(line: &str) -> Option<Self> {
        let mut quoted = line.split('"');
        let (_client, request, answer) = (quoted.next()?, quoted.next()?, quoted.next()?);
        let mut request = request.split(' ');
        let (method, path) = (request.next()?.to_owned(), request.next()?.to_owned());
        let status = answer.split_whitespace().next()?.parse().ok()?;
        Some(Self { method, path, status })
    }

    /// Returns whether this asks for `digest` out of another repository.
    pub(crate) fn mounts(&self, digest: &str) -> bool {
        self.method == "POST" && self.path.contains("mount=") && self.path.contains("from=") && self.names(digest)
    }

    /// Returns whether `digest` stands in the path or the query.
    pub(crate) fn names(&self, digest: &str) -> bool {
        self.path.contains(digest) || self.path.contains(&digest.replace(':', "%3A"))
    }
}
