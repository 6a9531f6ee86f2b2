//! A server on loopback that stops with its handle.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A server that is running; it stops when this is dropped.
pub(super) struct Server {
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

/// Listens on a port of 127.0.0.1: the remembered one if it is still free, else one that the system chooses.
pub(super) async fn listen(remembered: Option<u16>) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = match remembered {
        Some(port) => match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
        },
        None => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
    };
    let address = listener.local_addr()?;
    Ok((listener, address))
}

impl Server {
    /// Answers what comes in on `listener` until the handle is dropped.
    pub(super) fn start(listener: TcpListener, router: Router) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        // Answers are small and waited for: without this, Nagle and delayed acknowledgements cost 40 ms each.
        let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
        let server = axum::serve(listener, router).with_graceful_shutdown(async { drop(stopped.await) });
        Self { stop: Some(stop), task: tokio::spawn(async { drop(server.await) }) }
    }

    /// Lets the requests that are going on finish, then stops.
    pub(super) async fn stop(mut self) {
        drop(self.stop.take());
        drop((&mut self.task).await);
    }
}
