//! The application to decide from: as the watch shows it, as this process wrote it, or read live.
//!
//! Effects may only be performed for a state that this process wrote itself or read live: a watch
//! may be older than the last writes of the leader before. From the caches and the API server to
//! `reconcile`.

use std::sync::Arc;

use flinkk8soperator_api::parse;
use tokio::time::Instant;

use crate::application::Application;
use crate::kubernetes::KubeError;
use crate::memory::{Memory, submitted};
use crate::operator::Operator;
use crate::reconcile::RoundError;

/// The echo of our own writes is no news.
pub(crate) fn nothing_new(watched: &Application, memory: &Memory, touched: bool) -> bool {
    let due = memory.due.is_some_and(|due| due <= Instant::now());
    let newer = watched.resource_version() > memory.version;
    !touched && !due && !newer && !memory.stale
}

/// The application to decide from: only a state that this process wrote itself or read live, unless
/// nothing was ever done for it. None: it is gone.
pub(crate) async fn newest(
    operator: &Operator,
    watched: Arc<Application>,
    memory: &mut Memory,
) -> Result<Option<Arc<Application>>, RoundError> {
    if memory.own.as_ref().is_some_and(|own| own.uid != watched.uid) {
        *memory = Memory::default();
    }
    let app = match &memory.own {
        Some(own) if watched.resource_version() <= own.resource_version() => Arc::clone(own),
        // An edit of anything but the state. Its status is the one that we wrote.
        Some(own) if watched.machine() == own.machine() => watched,
        None if watched.untouched() && memory.unanswered.is_none() => watched,
        _ => match read_live(operator, &watched, memory).await? {
            Some(app) => app,
            None => return Ok(None),
        },
    };
    memory.version = memory.version.max(app.resource_version());
    memory.own = Some(Arc::clone(&app));
    Ok(Some(app))
}

async fn read_live(
    operator: &Operator,
    watched: &Application,
    memory: &mut Memory,
) -> Result<Option<Arc<Application>>, RoundError> {
    let object = match operator.kubernetes.application(&watched.key).await {
        Ok(object) => object,
        Err(KubeError::NotFound(_)) => return Ok(None),
        Err(error) => return Err(RoundError::Read(error)),
    };
    let app = Application::read(object, &operator.settings.rendering, Some(watched));
    let app = Arc::new(app.map_err(RoundError::Unreadable)?);
    if app.uid != watched.uid {
        // Deleted and created anew: its own events will come. (One whose labels are not ours any more is stale until
        // the watch says so: `observe/kube.rs`.)
        return Ok(None);
    }
    // Nobody else can have written this very state while we held the lease: it was our own write
    // that was not answered, and nobody has acted on it.
    let unanswered = memory.unanswered.take();
    let ours = unanswered.is_some() && app.machine() == unanswered.as_ref();
    if ours && operator.lease.held() {
        let state = parse::state(&app.typed, operator.clock.now());
        submitted(&state).into_iter().for_each(|job| operator.posts.intend(&app.key, job));
    }
    memory.status_version = app.resource_version();
    Ok(Some(app))
}
