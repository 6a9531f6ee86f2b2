//! An HTTP/1.1 server that answers as it is told, also wrongly: raw on a socket, so that it can lie and break off.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Without the query.
    pub(crate) path: String,
    pub(crate) query: String,
    /// By lowercase name.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// What is answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) fault: Fault,
}

/// How an answer is spoilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// The connection is closed without an answer.
    Close,
    /// The connection is closed after so many bytes of the body, though the length promises all of them.
    Truncate(usize),
    /// Nothing is answered, and the connection stays open.
    Silence,
    /// So many bytes of the body are sent, then nothing more, and the connection stays open.
    Hang(usize),
    /// So many bytes of the body are sent at a time, with a pause in between.
    Drip(usize, Duration),
}

/// What happens before a request's body was read.
#[derive(Debug, Clone)]
pub(crate) enum Interruption {
    /// The connection is closed after so many bytes of the body.
    Cut(usize),
    /// The same, but what was read is handled before.
    Keep(usize),
    /// Nothing is read after so many bytes of the body, and the connection stays open.
    Stall(usize),
    /// So many bytes of the body are read at a time, with a pause in between.
    Sip(usize, Duration),
    /// This is answered at once; what still comes is read and thrown away, as nginx does.
    Refuse(Answer),
}

/// Serves until it is dropped.
pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    accepting: JoinHandle<()>,
}

/// Decides on an answer.
pub(crate) type Handler = Arc<dyn Fn(&Request) -> Answer + Send + Sync>;

/// Decides, before a body is read, whether it ever will be.
pub(crate) type Interrupt = Arc<dyn Fn(&Request) -> Option<Interruption> + Send + Sync>;

impl Answer {
    pub(crate) fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), fault: Fault::None }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn fault(mut self, fault: Fault) -> Self {
        self.fault = fault;
        self
    }
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// `PUT /v2/a/blobs/uploads/1`
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The decoded values of a query parameter.
    pub(crate) fn parameters(&self, name: &str) -> Vec<String> {
        let pairs = url::form_urlencoded::parse(self.query.as_bytes());
        pairs.filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).collect()
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.parameters(name).pop()
    }
}

impl Scripted {
    /// Answers every request by `handler`.
    pub(crate) async fn start(handler: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        Self::start_interrupting(Arc::new(handler), Arc::new(|_| None)).await
    }

    /// Does the same, but does not read request bodies to their end where `interrupt` says so.
    pub(crate) async fn start_interrupting(handler: Handler, interrupt: Interrupt) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (handler, interrupt, seen) = (Arc::clone(&handler), Arc::clone(&interrupt), Arc::clone(&seen));
                connections.spawn(async move { serve(stream, handler, interrupt, seen).await });
            }
        });
        Self { address, requests, accepting }
    }

    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// Everything that was asked so far, in order of arrival.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The requests whose line starts so, e.g. `PUT /v2/`.
    pub(crate) fn count(&self, start: &str) -> usize {
        self.requests().iter().filter(|request| request.line().starts_with(start)).count()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(stream: TcpStream, handler: Handler, interrupt: Interrupt, seen: Arc<Mutex<Vec<Request>>>) {
    let mut stream = BufReader::with_capacity(256 << 10, stream);
    while let Some(mut request) = read_head(&mut stream).await {
        match interrupt(&request) {
            None => {}
            Some(Interruption::Sip(bytes, pause)) => {
                if sip(&mut stream, &mut request, bytes, pause).await.is_none() {
                    return;
                }
                seen.lock().unwrap().push(request.clone());
                if write(&mut stream, &request, handler(&request)).await.is_none() {
                    return;
                }
                continue;
            }
            Some(interruption) => {
                seen.lock().unwrap().push(request.clone());
                return break_off(&mut stream, &mut request, interruption, &handler).await;
            }
        }
        if read_body(&mut stream, &mut request).await.is_none() {
            return;
        }
        seen.lock().unwrap().push(request.clone());
        let answer = handler(&request);
        if write(&mut stream, &request, answer).await.is_none() {
            return;
        }
    }
}

async fn break_off(
    stream: &mut BufReader<TcpStream>,
    request: &mut Request,
    interruption: Interruption,
    handler: &Handler,
) {
    match interruption {
        Interruption::Keep(limit) => {
            request.body = vec![0; limit];
            if stream.read_exact(&mut request.body).await.is_ok() {
                handler(request);
            }
        }
        Interruption::Sip(..) => {}
        Interruption::Cut(limit) => drop(stream.read_exact(&mut vec![0; limit]).await),
        Interruption::Stall(limit) => {
            let _ = stream.read_exact(&mut vec![0; limit]).await;
            std::future::pending().await
        }
        Interruption::Refuse(answer) => {
            write(stream, request, answer.header("Connection", "close")).await;
            let _ = tokio::io::copy(stream, &mut tokio::io::sink()).await;
        }
    }
}

async fn read_head(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let first = read_line(stream).await?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let line = read_line(stream).await?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    Some(Request { method, path: path.to_owned(), query: query.to_owned(), headers, body: Vec::new() })
}

async fn read_line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    match stream.read_line(&mut line).await {
        Ok(count) if count > 0 => Some(line.trim_end().to_owned()),
        _ => None,
    }
}

async fn read_body(stream: &mut BufReader<TcpStream>, request: &mut Request) -> Option<()> {
    let length = request.header("content-length").map_or(0, |text| text.parse().unwrap());
    request.body = vec![0; length];
    stream.read_exact(&mut request.body).await.ok()?;
    Some(())
}

/// Reads the body slowly.
async fn sip(stream: &mut BufReader<TcpStream>, request: &mut Request, bytes: usize, pause: Duration) -> Option<()> {
    let length: usize = request.header("content-length").map_or(0, |text| text.parse().unwrap());
    while request.body.len() < length {
        tokio::time::sleep(pause).await;
        let mut piece = vec![0; bytes.min(length - request.body.len())];
        stream.read_exact(&mut piece).await.ok()?;
        request.body.extend(piece);
    }
    Some(())
}

async fn write(stream: &mut BufReader<TcpStream>, request: &Request, answer: Answer) -> Option<()> {
    let body = match answer.fault {
        Fault::Close => return None,
        Fault::Silence => std::future::pending().await,
        Fault::Truncate(length) | Fault::Hang(length) => &answer.body[..length],
        Fault::None | Fault::Drip(..) => &answer.body[..],
    };
    let mut head = format!("HTTP/1.1 {} Scripted\r\n", answer.status);
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !answer.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
        head.push_str(&format!("Content-Length: {}\r\n", answer.body.len()));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await.ok()?;
    if request.method != "HEAD" {
        drip(stream, body, answer.fault).await?;
    }
    stream.flush().await.ok()?;
    if let Fault::Hang(_) = answer.fault {
        std::future::pending::<()>().await;
    }
    matches!(answer.fault, Fault::None | Fault::Drip(..)).then_some(())
}

async fn drip(stream: &mut BufReader<TcpStream>, body: &[u8], fault: Fault) -> Option<()> {
    let Fault::Drip(bytes, pause) = fault else { return stream.write_all(body).await.ok() };
    for piece in body.chunks(bytes) {
        stream.write_all(piece).await.ok()?;
        stream.flush().await.ok()?;
        tokio::time::sleep(pause).await;
    }
    Some(())
}
