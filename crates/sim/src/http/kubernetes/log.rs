//! What was asked of the server, for tests that count requests.

use super::route::{Target, Verb};
use http::Method;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestInfo {
    /// HTTP method.
    pub method: Method,
    /// Path without the query.
    pub path: String,
    /// Query, may be empty.
    pub query: String,
    /// What it does.
    pub verb: Verb,
    /// API group; empty for the core group and for what is no object.
    pub group: String,
    /// Plural name; empty for what is no object (discovery, health).
    pub resource: String,
    /// `status`, `scale`, `proxy` or empty.
    pub subresource: &'static str,
    /// Namespace, may be empty.
    pub namespace: String,
    /// Name, may be empty. With `proxy` it has the port behind a colon. Of what is created it is known to the
    /// log, not to fault plans: it stands in the body.
    pub name: String,
    /// The client's `User-Agent`.
    pub user_agent: String,
}

impl RequestInfo {
    /// A request to this path; `target` if it is about objects.
    pub fn new(
        method: Method,
        path: &str,
        query: &str,
        verb: Verb,
        target: Option<&Target>,
    ) -> Self {
        Self {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            verb,
            group: target.map(|t| t.kind.group.clone()).unwrap_or_default(),
            resource: target.map(|t| t.kind.plural.clone()).unwrap_or_default(),
            subresource: target.map(|t| t.subresource.as_str()).unwrap_or_default(),
            namespace: target.and_then(|t| t.namespace.clone()).unwrap_or_default(),
            name: target.and_then(|t| t.name.clone()).unwrap_or_default(),
            user_agent: String::new(),
        }
    }

    /// `resource` or `resource/subresource`, as in RBAC rules.
    pub fn qualified_resource(&self) -> String {
        match self.subresource {
            "" => self.resource.clone(),
            part => format!("{}/{part}", self.resource),
        }
    }
}

/// A request and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What was asked.
    pub request: RequestInfo,
    /// The HTTP status; `None` if the answer was withheld.
    pub status: Option<u16>,
}

/// How many entries are kept: more than any test makes, little enough for a demo that runs on.
const CAPACITY: usize = 10_000;

/// The newest requests.
#[derive(Debug, Default)]
pub struct RequestLog {
    entries: Mutex<VecDeque<Entry>>,
}

impl RequestLog {
    /// Appends a request once its answer is known; a watch when it begins.
    pub fn push(&self, entry: Entry) {
        let mut entries = self.lock();
        entries.push_back(entry);
        if entries.len() > CAPACITY {
            entries.pop_front();
        }
    }

    /// The requests since the last [`clear`](Self::clear), oldest first (the newest 10,000).
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().iter().cloned().collect()
    }

    /// The same, and forgets them: who asks again and again misses none.
    pub fn take(&self) -> Vec<Entry> {
        std::mem::take(&mut *self.lock()).into()
    }

    /// How often each verb was used on each resource (`resource/subresource`), of the requests
    /// that `select` selects.
    pub fn counts(
        &self,
        select: impl Fn(&Entry) -> bool,
    ) -> BTreeMap<(&'static str, String), usize> {
        let mut counts = BTreeMap::new();
        for entry in self.lock().iter().filter(|entry| select(entry)) {
            let key = (entry.request.verb.as_str(), entry.request.qualified_resource());
            *counts.entry(key).or_default() += 1;
        }
        counts
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Entry>> {
        // Every change is complete before the lock goes, also if a panic follows.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
