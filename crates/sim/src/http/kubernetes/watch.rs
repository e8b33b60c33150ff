//! Watches: a stream of changes, read from the store's history at the pace of the client.

use super::api::{Api, Body, WatchControl};
use super::error::{ApiError, Cause, Subject};
use super::kinds::Kind;
use super::meta;
use super::read;
use super::route::{Query, Rendering, Target};
use super::selector::Selector;
use super::store::{Change, ChangeKind, Store};
use bytes::Bytes;
use futures::stream;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How long a watch lasts if the client does not say: the least that a real server chooses.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1800);
/// How often a bookmark comes: as a real server sends them.
const BOOKMARK_INTERVAL: Duration = Duration::from_secs(60);

/// Begins a watch.
///
/// # Errors
/// `BadRequest` or `Invalid` for parameters that make no sense. That the version asked for is too
/// old is an event in the stream, as on a real server.
pub(super) fn watch(
    api: &Api,
    target: &Target,
    query: &Query,
    rendering: Rendering,
) -> Result<Body, ApiError> {
    let options = Options::parse(query)?;
    let selector = read::selector(target, query)?;
    let mut watcher = Watcher {
        api: api.clone(),
        target: target.clone(),
        selector,
        rendering,
        cursor: 0,
        pending: VecDeque::new(),
        is_done: false,
        bookmarks: options.bookmarks,
        deadline: Instant::now() + options.timeout,
        next_bookmark: Instant::now() + BOOKMARK_INTERVAL,
        versions: api.store().subscribe(),
        control: api.watch_control(),
        session: api.watch_control().borrow().session,
    };
    watcher.start(&options);
    let frames = stream::unfold(watcher, |mut watcher| async move {
        let line = watcher.next().await?;
        Some((Ok::<_, Infallible>(Frame::data(line)), watcher))
    });
    Ok(BodyExt::boxed_unsync(StreamBody::new(frames)))
}

struct Options {
    /// `None`: from now, after what is there.
    from: Option<u64>,
    initial_events: bool,
    bookmarks: bool,
    timeout: Duration,
}

impl Options {
    fn parse(query: &Query) -> Result<Self, ApiError> {
        let initial_events = query.flag("sendInitialEvents");
        let matching = query.text("resourceVersionMatch");
        if initial_events && matching != "NotOlderThan" {
            let detail = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
            return Err(forbidden(detail));
        }
        if !initial_events && !matching.is_empty() {
            return Err(forbidden("resourceVersionMatch is forbidden for watch"));
        }
        let timeout = query.number("timeoutSeconds")?.filter(|seconds| *seconds > 0);
        Ok(Self {
            from: query.number("resourceVersion")?.filter(|version| *version > 0),
            initial_events,
            bookmarks: query.flag("allowWatchBookmarks"),
            timeout: timeout.map_or(DEFAULT_TIMEOUT, Duration::from_secs),
        })
    }
}

fn forbidden(detail: &str) -> ApiError {
    let subject = Subject {
        group: "meta.k8s.io".to_owned(),
        resource: "ListOptions".to_owned(),
        name: String::new(),
    };
    ApiError::Invalid { subject, causes: vec![Cause::forbidden("resourceVersionMatch", detail)] }
}

struct Watcher {
    api: Api,
    target: Target,
    selector: Selector,
    rendering: Rendering,
    /// Changes up to this version have been looked at.
    cursor: u64,
    pending: VecDeque<Bytes>,
    is_done: bool,
    bookmarks: bool,
    deadline: Instant,
    next_bookmark: Instant,
    versions: watch::Receiver<u64>,
    control: watch::Receiver<WatchControl>,
    /// The watch ends when the control has another session.
    session: u64,
}

impl Watcher {
    fn start(&mut self, options: &Options) {
        let api = self.api.clone();
        let store = api.store();
        let sends_state = options.initial_events || options.from.is_none();
        if !sends_state {
            self.cursor = options.from.unwrap_or_default();
            return;
        }
        self.cursor = store.version();
        for object in store.list(&self.target.kind.resource, self.target.namespace.as_deref()) {
            if self.selector.matches(&object) {
                self.push("ADDED", &object, store.now());
            }
        }
        if options.initial_events && self.bookmarks {
            self.push_bookmark(true);
        }
    }

    /// The next line; `None` when the watch is over.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.control.borrow_and_update().session != self.session {
                return None;
            }
            let is_held = self.control.borrow().is_held;
            if !is_held {
                if let Some(line) = self.pending.pop_front() {
                    return Some(line);
                }
                if self.is_done {
                    return None;
                }
                self.pull();
                if !self.pending.is_empty() {
                    continue;
                }
            }
            self.wait(is_held).await;
        }
    }

    async fn wait(&mut self, is_held: bool) {
        let bookmark_at = self.next_bookmark;
        tokio::select! {
            biased;
            _ = self.control.changed() => {}
            _ = self.versions.changed(), if !is_held => {}
            () = tokio::time::sleep_until(self.deadline), if !is_held => self.is_done = true,
            () = tokio::time::sleep_until(bookmark_at), if !is_held && self.bookmarks => {
                self.push_bookmark(false);
                self.next_bookmark += BOOKMARK_INTERVAL;
            }
        }
    }

    /// Reads the changes since the last time.
    fn pull(&mut self) {
        let api = self.api.clone();
        let store = api.store();
        self.versions.borrow_and_update();
        // The receiver may be of an earlier moment than the cursor that a client brings along.
        if self.cursor >= store.version() {
            return;
        }
        match store.changes_since(self.cursor) {
            Ok(changes) => {
                let changes: Vec<_> = changes.cloned().collect();
                changes.iter().for_each(|change| self.push_change(change, &store));
                self.cursor = store.version();
            }
            Err(error) => {
                self.pending.push_back(line("ERROR", &error.status()));
                self.is_done = true;
            }
        }
    }

    /// A change, as this watch's selector sees it: an object that leaves the selection is deleted,
    /// one that enters it is added.
    fn push_change(&mut self, change: &Change, store: &Store) {
        let namespace = self.target.namespace.as_deref();
        if change.resource != self.target.kind.resource
            || namespace.is_some_and(|n| n != meta::namespace(&change.object))
        {
            return;
        }
        let was = change.previous.as_ref().is_some_and(|object| self.selector.matches(object));
        let is = change.kind != ChangeKind::Deleted && self.selector.matches(&change.object);
        let event = match (was, is) {
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            (true, false) => "DELETED",
            (false, false) => return,
        };
        self.push(event, &change.object, store.now());
    }

    fn push(&mut self, event: &str, object: &Value, now: i64) {
        let object = read::render(&self.target.kind, object, self.rendering, now);
        self.pending.push_back(line(event, &object));
    }

    fn push_bookmark(&mut self, is_end_of_initial_events: bool) {
        let object = bookmark(&self.target.kind, self.cursor, is_end_of_initial_events);
        let object = match self.rendering {
            Rendering::Plain | Rendering::Partial => object,
            Rendering::Table(_) => json!({
                "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"],
                "columnDefinitions": [], "rows": [],
            }),
        };
        self.pending.push_back(line("BOOKMARK", &object));
    }
}

fn bookmark(kind: &Kind, version: u64, is_end_of_initial_events: bool) -> Value {
    let mut metadata = json!({ "resourceVersion": version.to_string(), "creationTimestamp": null });
    if is_end_of_initial_events {
        metadata["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
    }
    json!({ "apiVersion": kind.api_version(), "kind": kind.kind, "metadata": metadata })
}

fn line(event: &str, object: &Value) -> Bytes {
    Bytes::from(format!("{}\n", json!({ "type": event, "object": object })))
}
