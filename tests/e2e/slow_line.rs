//! A line to a server that carries only so many bytes a second towards it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

/// A running line. Dropping it takes no more calls.
pub(crate) struct SlowLine {
    /// `127.0.0.1:port`
    pub(crate) host: String,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl SlowLine {
    /// Starts a line to `target` of `speed` bytes a second for each connection.
    pub(crate) fn to(target: &str, speed: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let stop = Arc::new(AtomicBool::new(false));
        let (target, stopped) = (target.to_owned(), Arc::clone(&stop));
        let thread = spawn(move || {
            while let Ok((near, _)) = listener.accept() {
                if stopped.load(Ordering::Acquire) {
                    return;
                }
                let Ok(far) = TcpStream::connect(&target) else { continue };
                let (near_again, far_again) = (near.try_clone().unwrap(), far.try_clone().unwrap());
                spawn(move || carry(near, far, speed));
                spawn(move || carry(far_again, near_again, 1 << 30));
            }
        });
        Self { host, stop, thread: Some(thread) }
    }
}

impl Drop for SlowLine {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        let woken = TcpStream::connect(&self.host).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| woken) {
            let _ = thread.join();
        }
    }
}

/// Carries bytes until either side ends.
fn carry(mut from: TcpStream, mut to: TcpStream, speed: usize) {
    let mut piece = vec![0; 32 << 10];
    while let Ok(length @ 1..) = from.read(&mut piece) {
        if to.write_all(&piece[..length]).is_err() {
            break;
        }
        sleep(Duration::from_secs_f64(length as f64 / speed as f64));
    }
    let _ = to.shutdown(Shutdown::Write);
}
