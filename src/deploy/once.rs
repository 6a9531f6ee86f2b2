//! What many ask for at once and is asked for once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use super::DeployError;

type Cell<V> = Arc<OnceCell<Result<V, Arc<DeployError>>>>;

/// Answers by what they answer.
pub(super) struct Once<K, V>(Mutex<HashMap<K, Cell<V>>>);

impl<K, V> Default for Once<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Once<K, V> {
    /// Returns the answer to `key`, which `ask` gives to whoever comes first; an error is everybody's. If that one goes
    /// away, the next asks.
    pub(super) async fn get(
        &self,
        key: K,
        ask: impl Future<Output = Result<V, DeployError>>,
    ) -> Result<V, DeployError> {
        let cell = Arc::clone(self.cells().entry(key).or_default());
        answer(&cell, ask).await
    }

    /// Does the same, and forgets the answer once it is there: only those who wait for it have it.
    pub(super) async fn pass(
        &self,
        key: K,
        ask: impl Future<Output = Result<V, DeployError>>,
    ) -> Result<V, DeployError> {
        let cell = Arc::clone(self.cells().entry(key.clone()).or_default());
        let answer = answer(&cell, ask).await;
        let mut cells = self.cells();
        if cells.get(&key).is_some_and(|now| Arc::ptr_eq(now, &cell)) {
            cells.remove(&key);
        }
        answer
    }

    fn cells(&self) -> MutexGuard<'_, HashMap<K, Cell<V>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer<V: Clone>(cell: &Cell<V>, ask: impl Future<Output = Result<V, DeployError>>) -> Result<V, DeployError> {
    // On the heap, or the compiler gives up on how large the future of a whole deploy is.
    let answer = cell.get_or_init(|| Box::pin(async { ask.await.map_err(Arc::new) })).await;
    answer.clone().map_err(DeployError::Shared)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    async fn asked(times: &AtomicUsize, result: Result<u8, &str>) -> Result<u8, DeployError> {
        times.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        result.map_err(|reason| DeployError::Internal(reason.to_owned()))
    }

    #[tokio::test]
    async fn those_who_ask_at_once_share_one_answer() {
        for result in [Ok(1), Err("no")] {
            let (once, times) = (Once::default(), AtomicUsize::new(0));
            let answers = join_all((0..5).map(|_| once.pass("key", asked(&times, result)))).await;
            assert_eq!(times.load(Ordering::Relaxed), 1);
            assert!(answers.iter().all(|answer| answer.as_ref().ok() == result.ok().as_ref()), "{answers:?}");
            drop(once.pass("key", asked(&times, result)).await);
            assert_eq!(times.load(Ordering::Relaxed), 2, "nobody waited for the first answer any more");
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_kept_is_there_for_who_comes_later() {
        let (once, times) = (Once::default(), AtomicUsize::new(0));
        drop(once.get("key", asked(&times, Err("no"))).await);
        let error = once.get("key", asked(&times, Ok(1))).await.expect_err("it failed for all");
        assert_eq!(error.to_string(), "internal error: no");
        drop(once.get("other", asked(&times, Ok(1))).await);
        assert_eq!(times.load(Ordering::Relaxed), 2);
    }
}
