//! What many ask for at once and is asked for once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::IndexError;

type Shared<V> = Arc<OnceCell<Result<V, IndexError>>>;

/// Answers by what they answer.
pub(super) struct Once<K, V>(Mutex<HashMap<K, Shared<V>>>);

impl<K, V> Default for Once<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Once<K, V> {
    /// Returns the answer to `key`, which `ask` gives to whoever comes first. If that one goes away, the next asks.
    pub(super) async fn get(&self, key: K, ask: impl Future<Output = Result<V, IndexError>>) -> Result<V, IndexError> {
        let cell = self.cell(key);
        cell.get_or_init(|| ask).await.clone()
    }

    /// Does the same, and forgets the answer when all who waited for it have it.
    pub(super) async fn pass(&self, key: K, ask: impl Future<Output = Result<V, IndexError>>) -> Result<V, IndexError> {
        let answer = self.get(key.clone(), ask).await;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        answer
    }

    fn cell(&self, key: K) -> Shared<V> {
        Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default())
    }
}
