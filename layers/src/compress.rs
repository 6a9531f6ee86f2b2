//! Bytes in, gzip out: one member for each block of a fixed size (RFC 1952, section 2.2).
//!
//! Every block meets a fresh compressor, so that the output depends on the input alone: not on the number of threads,
//! nor on how the input is sliced into writes.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use libdeflater::{CompressionLvl, Compressor};

/// What a member's bytes depend on: how blocks are sampled and cut (counted from 1), compressor, level, block size.
pub(crate) const GZIP_KEY: &str = "gzip1-libdeflate1.26.1-l7-1m";

/// How many bytes a member holds.
const BLOCK: usize = 1 << 20;

/// The least level at which no kind of input that was measured comes out larger than from `gzip -6`.
const LEVEL: i32 = 7;

/// The level that stores.
const STORED: i32 = 0;

/// The fastest level that compresses.
const SAMPLING: i32 = 1;

/// How many samples of how many bytes tell whether a block is worth compressing.
const SAMPLES: usize = 8;
const SAMPLE: usize = 4 << 10;

/// More threads than this only wait for the one that reads and hashes, and each holds two blocks.
const MAX_THREADS: usize = 16;

/// Compresses what is written to it, on threads that start once there is more than one block.
pub(crate) struct GzipWriter<W> {
    inner: W,
    block: Vec<u8>,
    threads: usize,
    workers: Workers,
    pending: VecDeque<Receiver<Done>>,
}

/// Threads that take blocks from one queue.
struct Workers {
    jobs: Sender<Job>,
    queue: Arc<Mutex<Receiver<Job>>>,
    running: usize,
}

struct Job {
    block: Vec<u8>,
    done: SyncSender<Done>,
}

/// A member, and the block it was made from, to be filled again.
struct Done {
    member: Vec<u8>,
    block: Vec<u8>,
}

impl<W: Write> GzipWriter<W> {
    pub(crate) fn new(inner: W, threads: usize) -> Self {
        let threads = threads.clamp(1, MAX_THREADS);
        Self { inner, block: Vec::new(), threads, workers: Workers::new(), pending: VecDeque::new() }
    }

    /// Compresses what is left and returns the writer underneath.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        if self.workers.running == 0 {
            self.inner.write_all(&member(&self.block)?)?;
            return Ok(self.inner);
        }
        let last = std::mem::take(&mut self.block);
        self.submit(last)?;
        while !self.pending.is_empty() {
            self.write_next()?;
        }
        Ok(self.inner)
    }

    /// Hands a full block on, once the oldest one is written if there are many on their way.
    fn turn_over(&mut self) -> io::Result<()> {
        let spare = match self.pending.len() > self.threads + 1 {
            true => self.write_next()?,
            false => Vec::with_capacity(BLOCK),
        };
        let full = std::mem::replace(&mut self.block, spare);
        self.submit(full)
    }

    /// Without a single thread to be had, the block is compressed here and now.
    fn submit(&mut self, block: Vec<u8>) -> io::Result<()> {
        if !self.workers.start_another(self.threads) {
            return self.inner.write_all(&member(&block)?);
        }
        let (done, receiver) = sync_channel(1);
        self.pending.push_back(receiver);
        self.workers.jobs.send(Job { block, done }).map_err(|_| stopped())
    }

    fn write_next(&mut self) -> io::Result<Vec<u8>> {
        let receiver = self.pending.pop_front().ok_or_else(stopped)?;
        let Done { member, mut block } = receiver.recv().map_err(|_| stopped())?;
        self.inner.write_all(&member)?;
        block.clear();
        Ok(block)
    }
}

fn stopped() -> io::Error {
    io::Error::other("a compressing thread stopped")
}

impl<W: Write> Write for GzipWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.block.len() == BLOCK {
            self.turn_over()?;
        }
        let count = bytes.len().min(BLOCK - self.block.len());
        self.block.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    /// Does nothing: a member ends where the input says, not where somebody flushes.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Workers {
    fn new() -> Self {
        let (jobs, queue) = channel();
        Self { jobs, queue: Arc::new(Mutex::new(queue)), running: 0 }
    }

    /// Starts a thread unless there are `most`; returns whether any runs. They end when the queue is dropped.
    fn start_another(&mut self, most: usize) -> bool {
        if self.running < most {
            let queue = Arc::clone(&self.queue);
            let started = thread::Builder::new().name("compress".to_owned()).spawn(move || work(&queue));
            self.running += usize::from(started.is_ok());
        }
        self.running > 0
    }
}

fn work(queue: &Mutex<Receiver<Job>>) {
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
    while let Ok(Job { block, done }) = next() {
        if let Ok(member) = member(&block) {
            // Nobody waits any more once an error ended the assembly.
            let _ = done.send(Done { member, block });
        }
    }
}

/// Compresses one block.
fn member(block: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressor = compressor(level(block));
    let mut member = vec![0; compressor.gzip_compress_bound(block.len())];
    let length = compressor.gzip_compress(block, &mut member).map_err(io::Error::other)?;
    member.truncate(length);
    Ok(member)
}

fn compressor(level: i32) -> Compressor {
    Compressor::new(CompressionLvl::new(level).unwrap_or_default())
}

/// Returns no compression for a block that would not shrink, which saves nearly all of the time that it takes.
fn level(block: &[u8]) -> i32 {
    if is_incompressible(block) { STORED } else { LEVEL }
}

/// Tells by samples all over the block, and only when not one of them shrinks by a 64th.
fn is_incompressible(block: &[u8]) -> bool {
    if block.len() < SAMPLES * SAMPLE * 2 {
        return false;
    }
    let mut compressor = compressor(SAMPLING);
    let mut output = [0; SAMPLE - SAMPLE / 64];
    let stride = block.len() / SAMPLES;
    block.chunks_exact(stride).all(|part| compressor.deflate_compress(&part[..SAMPLE], &mut output).is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that no compressor shrinks, the same each time (xorshift64*).
    fn noise(length: usize) -> Vec<u8> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 56) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    fn gzip(input: &[u8], threads: usize, slice: usize) -> Vec<u8> {
        let mut writer = GzipWriter::new(Vec::new(), threads);
        for bytes in input.chunks(slice) {
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap()
    }

    fn gunzip(mut members: &[u8], length: usize) -> Vec<u8> {
        let mut output = Vec::new();
        let mut block = vec![0; BLOCK];
        while !members.is_empty() {
            // A member does not say how long it is; its length is found by trying: blocks are few here.
            let mut decompressor = libdeflater::Decompressor::new();
            let count = decompressor.gzip_decompress(members, &mut block).unwrap();
            output.extend_from_slice(&block[..count]);
            members = &members[super::member(&block[..count]).unwrap().len()..];
        }
        assert_eq!(output.len(), length);
        output
    }

    #[test]
    fn neither_threads_nor_slices_show_in_the_output() {
        let input = [noise(BLOCK + 7), vec![b'a'; 3 * BLOCK], noise(100)].concat();
        let expected = gzip(&input, 1, input.len());
        assert!(gunzip(&expected, input.len()) == input);
        for (threads, slice) in [(1, 1000), (2, 4096), (3, BLOCK), (8, BLOCK + 1), (16, 77_777)] {
            assert!(gzip(&input, threads, slice) == expected, "{threads} threads, slices of {slice}");
        }
    }

    #[test]
    fn threads_start_with_the_second_block() {
        let mut writer = GzipWriter::new(Vec::new(), 4);
        writer.write_all(&noise(BLOCK)).unwrap();
        assert_eq!(writer.workers.running, 0);
        writer.write_all(b"x").unwrap();
        assert_eq!(writer.workers.running, 1);
    }

    #[test]
    fn no_more_blocks_are_held_than_threads_need() {
        let mut writer = GzipWriter::new(io::sink(), 2);
        for _ in 0..20 {
            writer.write_all(&noise(BLOCK)).unwrap();
            assert!(writer.pending.len() <= 4);
        }
    }

    #[test]
    fn only_what_would_not_shrink_anywhere_is_stored() {
        let mut block = noise(BLOCK);
        assert!(is_incompressible(&block));
        assert!(member(&block).unwrap().len() < BLOCK + 200);
        block[BLOCK / 2..][..BLOCK / 4].fill(b' ');
        assert!(!is_incompressible(&block));
        assert!(!is_incompressible(&vec![0; BLOCK]));
        assert!(!is_incompressible(&noise(1000)));
    }

    #[test]
    fn a_header_tells_nothing_of_time_or_system() {
        let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
        assert_eq!(gzip(b"", 1, 1)[..10], header);
        assert_eq!(gzip(&vec![b'a'; BLOCK], 1, BLOCK)[..10], header);
    }
}
