//! Bytes in, compressed blocks of a fixed size out, one after another.
//!
//! Every block meets a fresh compressor, so that the output depends on the input alone: not on the number of threads,
//! nor on how the input is sliced into writes. Threads start with the second block: those that compress, and one that
//! takes what they give to the writer underneath, in the order of the blocks.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, RecvError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use crate::Compression;

/// More threads than this only wait for the one that reads and hashes, and each holds two blocks.
const MAX_THREADS: usize = 16;

/// Compresses what is written to it.
pub(crate) struct BlockWriter<W> {
    compression: Compression,
    most: usize,
    block: Vec<u8>,
    /// The writer underneath, until threads take it.
    here: Option<W>,
    threads: Option<Threads<W>>,
}

/// The threads behind the one that writes. They end once this is dropped.
struct Threads<W> {
    compression: Compression,
    compressing: usize,
    most: usize,
    jobs: Sender<Job>,
    queue: Arc<Mutex<Receiver<Job>>>,
    /// What is on its way to the writer underneath; when there is as much as threads need, sending blocks.
    order: SyncSender<Receiver<Done>>,
    spares: Receiver<Vec<u8>>,
    writing: JoinHandle<io::Result<W>>,
}

struct Job {
    block: Vec<u8>,
    done: SyncSender<Done>,
}

/// What a block came to, and the block itself, to be filled again.
struct Done {
    compressed: io::Result<Vec<u8>>,
    block: Vec<u8>,
}

impl<W: Write + Send + 'static> BlockWriter<W> {
    pub(crate) fn new(inner: W, compression: Compression, threads: usize) -> Self {
        let most = threads.clamp(1, MAX_THREADS);
        Self { compression, most, block: Vec::new(), here: Some(inner), threads: None }
    }

    /// Compresses what is left and returns the writer underneath.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        let last = std::mem::take(&mut self.block);
        self.pass_on(last)?;
        match (self.here, self.threads) {
            (Some(inner), _) => Ok(inner),
            (None, Some(threads)) => threads.finish(),
            (None, None) => Err(stopped()),
        }
    }

    /// Hands a full block on, and begins another.
    fn turn_over(&mut self) -> io::Result<()> {
        if self.threads.is_none() {
            self.threads = Threads::start(self.compression, self.most, &mut self.here);
        }
        let full = std::mem::take(&mut self.block);
        self.block = self.pass_on(full)?;
        self.block.clear();
        self.block.reserve_exact(self.compression.block_size());
        Ok(())
    }

    /// Without a single thread to be had, the block is compressed here and now. Returns a block to be filled again.
    fn pass_on(&mut self, block: Vec<u8>) -> io::Result<Vec<u8>> {
        if let Some(inner) = &mut self.here {
            inner.write_all(&self.compression.compress(&block)?)?;
            return Ok(block);
        }
        match self.threads.as_mut().and_then(|threads| threads.submit(block)) {
            Some(spare) => Ok(spare),
            None => Err(self.threads.take().map_or_else(stopped, Threads::failure)),
        }
    }
}

impl<W: Write + Send + 'static> Write for BlockWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let size = self.compression.block_size();
        if self.block.len() == size {
            self.turn_over()?;
        }
        let count = bytes.len().min(size - self.block.len());
        self.block.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    /// Does nothing: a block ends where the input says, not where somebody flushes.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<W: Write + Send + 'static> Threads<W> {
    /// Starts the thread that writes and gives it `inner`, or leaves that be when there is no thread to be had.
    fn start(compression: Compression, most: usize, inner: &mut Option<W>) -> Option<Self> {
        let (jobs, queue) = channel();
        let (order, in_order) = sync_channel(most + 1);
        let (give_spare, spares) = channel();
        let (give, given) = sync_channel(1);
        let write = move || write_in_order(given.recv().map_err(|_: RecvError| stopped())?, &in_order, &give_spare);
        let writing = Builder::new().name("write".to_owned()).spawn(write).ok()?;
        give.send(inner.take()?).ok()?;
        let queue = Arc::new(Mutex::new(queue));
        Some(Self { compression, compressing: 0, most, jobs, queue, order, spares, writing })
    }

    /// Returns a block to be filled again, or nothing when there is nobody left to take this one.
    fn submit(&mut self, block: Vec<u8>) -> Option<Vec<u8>> {
        self.compress_with_another();
        let (done, receiver) = sync_channel(1);
        self.order.send(receiver).ok()?;
        let job = Job { block, done };
        match self.compressing {
            0 => job.run(self.compression),
            _ => self.jobs.send(job).ok()?,
        }
        Some(self.spares.try_recv().unwrap_or_default())
    }

    /// Starts one more thread that compresses, up to the most.
    fn compress_with_another(&mut self) {
        if self.compressing < self.most {
            let (queue, compression) = (Arc::clone(&self.queue), self.compression);
            let started = Builder::new().name("compress".to_owned()).spawn(move || work(&queue, compression));
            self.compressing += usize::from(started.is_ok());
        }
    }

    fn finish(self) -> io::Result<W> {
        drop((self.jobs, self.order));
        self.writing.join().map_err(|_| stopped())?
    }

    /// Returns why the thread that writes has stopped.
    fn failure(self) -> io::Error {
        self.finish().err().unwrap_or_else(stopped)
    }
}

fn stopped() -> io::Error {
    io::Error::other("a thread stopped")
}

fn work(queue: &Mutex<Receiver<Job>>, compression: Compression) {
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
    while let Ok(job) = next() {
        job.run(compression);
    }
}

impl Job {
    fn run(self, compression: Compression) {
        let compressed = compression.compress(&self.block);
        // Nobody waits any more once an error ended the assembly.
        let _ = self.done.send(Done { compressed, block: self.block });
    }
}

fn write_in_order<W: Write>(
    mut inner: W,
    in_order: &Receiver<Receiver<Done>>,
    spares: &Sender<Vec<u8>>,
) -> io::Result<W> {
    for next in in_order {
        let Done { compressed, block } = next.recv().map_err(|_| stopped())?;
        inner.write_all(&compressed?)?;
        // After the last block, nobody wants another.
        let _ = spares.send(block);
    }
    Ok(inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ZstdLevel;
    use crate::testing::noise;

    const BOTH: [Compression; 2] = [Compression::Gzip, Compression::Zstd { level: ZstdLevel::DEFAULT }];

    fn compressed(input: &[u8], compression: Compression, threads: usize, slice: usize) -> Vec<u8> {
        let mut writer = BlockWriter::new(Vec::new(), compression, threads);
        for bytes in input.chunks(slice) {
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap()
    }

    /// Which also says that blocks are cut where they should be.
    #[test]
    fn neither_threads_nor_slices_show_in_the_output() {
        for compression in BOTH {
            let block = compression.block_size();
            let input = [noise(block + 7), vec![b'a'; 3 * block], noise(100)].concat();
            let blocks: Vec<_> = input.chunks(block).map(|block| compression.compress(block).unwrap()).collect();
            for (threads, slice) in [(1, input.len()), (1, 1000), (2, 4096), (3, block), (8, block + 1), (16, 77_777)] {
                let found = compressed(&input, compression, threads, slice);
                assert!(found == blocks.concat(), "{compression:?}, {threads} threads, slices of {slice}");
            }
        }
    }

    #[test]
    fn an_end_at_a_block_s_end_is_no_other_block() {
        for compression in BOTH {
            let block = vec![b'a'; compression.block_size()];
            assert_eq!(compressed(&block, compression, 2, 4096), compression.compress(&block).unwrap());
        }
    }

    #[test]
    fn threads_start_with_the_second_block() {
        let mut writer = BlockWriter::new(Vec::new(), Compression::Gzip, 4);
        writer.write_all(&noise(Compression::Gzip.block_size())).unwrap();
        assert!(writer.threads.is_none());
        writer.write_all(b"x").unwrap();
        assert_eq!(writer.threads.map(|threads| threads.compressing), Some(1));
    }

    /// Lets nothing through until it is dropped, and then fails.
    struct Stuck(Receiver<()>);

    impl Write for Stuck {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// As many as the threads compress, one more, the one that is being written, and the one that is being filled.
    #[test]
    fn no_more_blocks_are_held_than_threads_need_and_a_failure_is_told() {
        let (release, stuck) = channel();
        let (tell, told) = channel();
        let block = vec![b'a'; Compression::Gzip.block_size()];
        let feeder = std::thread::spawn(move || {
            let mut writer = BlockWriter::new(Stuck(stuck), Compression::Gzip, 2);
            (0..40).try_for_each(|_| {
                writer.write_all(&block)?;
                tell.send(()).map_err(io::Error::other)
            })
        });
        let most = 2 + 1 + 1 + 1;
        let written = std::iter::from_fn(|| told.recv_timeout(std::time::Duration::from_millis(500)).ok()).count();
        assert_eq!(written, most);
        drop(release);
        assert_eq!(feeder.join().unwrap().unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
