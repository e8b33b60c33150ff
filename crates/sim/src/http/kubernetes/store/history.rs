//! The bounded history of changes: what watches follow and old snapshots are rebuilt from.

use super::super::error::ApiError;
use super::super::kinds::Resource;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It has another content.
    Modified,
    /// It is gone; the change carries its last content.
    Deleted,
}

/// One change of one object.
#[derive(Debug, Clone)]
pub struct Change {
    /// The version of the store that this change made.
    pub version: u64,
    /// Which objects.
    pub resource: Resource,
    /// What happened.
    pub kind: ChangeKind,
    /// The object after it, in stored form.
    pub object: Arc<Value>,
    /// The object before it.
    pub previous: Option<Arc<Value>>,
}

/// The newest changes, oldest first.
#[derive(Debug)]
pub(super) struct History {
    changes: VecDeque<Arc<Change>>,
    capacity: usize,
    /// Changes up to and including this version are forgotten.
    forgotten: u64,
}

impl History {
    /// An empty history that keeps this many changes.
    pub(super) fn new(capacity: usize) -> Self {
        Self { changes: VecDeque::new(), capacity, forgotten: 0 }
    }

    /// Appends a change and forgets the oldest if there is no room.
    pub(super) fn push(&mut self, change: Change) {
        self.changes.push_back(Arc::new(change));
        while self.changes.len() > self.capacity {
            if let Some(oldest) = self.changes.pop_front() {
                self.forgotten = oldest.version;
            }
        }
    }

    /// Forgets every change up to and including a version, as etcd's compaction does.
    pub(super) fn forget(&mut self, version: u64) {
        self.changes.retain(|change| change.version > version);
        self.forgotten = self.forgotten.max(version);
    }

    /// The changes after a version.
    ///
    /// # Errors
    /// `Expired` if some of them are forgotten.
    pub(super) fn since(
        &self,
        version: u64,
    ) -> Result<impl Iterator<Item = &Arc<Change>>, ApiError> {
        if version < self.forgotten {
            return Err(ApiError::Expired(format!(
                "too old resource version: {version} ({})",
                self.forgotten
            )));
        }
        let start = self.changes.partition_point(|change| change.version <= version);
        Ok(self.changes.range(start..))
    }
}
