//! Debian's `docker-registry`, and the requests it served.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use tempfile::TempDir;

use crate::base::{self, Base};
use crate::leoflow::Home;
use crate::programs::{command, run, write_private};
use crate::server::Server;
use crate::{tls, token_server};

/// Who may use a registry.
pub(crate) enum Access<'a> {
    /// Everybody.
    Open,
    /// One user.
    Basic { username: &'a str, password: &'a str },
    /// Whoever the token service at `realm` lets in.
    Tokens { realm: &'a str },
    /// Everybody, but nothing may be pushed: its operator is at work.
    ReadOnly,
}

impl Access<'_> {
    /// Returns the part of a registry's configuration that says so.
    fn configuration(&self, directory: &Path) -> String {
        match self {
            Self::Open => String::new(),
            Self::Basic { username, password } => {
                let users = directory.join("htpasswd");
                write_private(&users, &run(command("htpasswd").args(["-nbB", username, password])));
                format!("auth: {{htpasswd: {{realm: e2e, path: {}}}}}\n", users.display())
            }
            Self::Tokens { realm } => format!(
                "auth: {{token: {{realm: '{realm}', service: {}, issuer: {}, rootcertbundle: {}}}}}\n",
                token_server::SERVICE,
                token_server::ISSUER,
                tls::file("ca.pem").display()
            ),
            Self::ReadOnly => String::new(),
        }
    }
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
        base::copy_to(&self.host, home)
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
    let maintenance = format!("{{readonly: {{enabled: {}}}}}", matches!(access, Access::ReadOnly));
    format!(
        "version: 0.1\nlog: {{level: info}}\n\
         storage: {{filesystem: {{rootdirectory: {}}}, maintenance: {maintenance}}}\n\
         http: {{addr: '127.0.0.1:0', secret: the-one-of-a-test}}\n{}",
        directory.join("storage").display(),
        access.configuration(directory)
    )
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
