//! A session with someone watching: waits for something to become true, and meanwhile shows what
//! happens.

use std::io;
use std::time::Duration;

use crate::chronicle::Chronicle;
use crate::ledger::Ledger;
use crate::scene::Scene;
use crate::session::{Session, SessionError};
use crate::view::View;

/// Why a session could not be watched to its end.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The output.
    #[error("cannot show it")]
    Show(#[from] io::Error),
    /// The session.
    #[error(transparent)]
    Session(#[from] SessionError),
}

/// A session, its chronicle, and a view of both.
pub struct Stage<'v> {
    /// The session.
    pub session: Session,
    /// What happened in it.
    pub chronicle: Chronicle,
    /// What the operator asked for in it.
    pub ledger: Ledger,
    view: &'v mut dyn View,
}

impl<'v> Stage<'v> {
    /// Shows a session from now on.
    #[must_use]
    pub fn new(session: Session, view: &'v mut dyn View) -> Stage<'v> {
        Stage { session, chronicle: Chronicle::default(), ledger: Ledger::default(), view }
    }

    /// The view.
    pub fn view(&mut self) -> &mut dyn View {
        self.view
    }

    /// Shows what is new; returns how everything stands.
    ///
    /// # Errors
    /// Of the output.
    pub fn look(&mut self) -> io::Result<Scene> {
        let now = self.session.clock().elapsed();
        self.ledger.catch_up(self.session.cluster(), now);
        self.view.told(self.chronicle.catch_up(self.session.cluster(), now))?;
        let scene = Scene::of(self.session.cluster());
        self.view.stands(now.as_secs_f64(), &scene)?;
        Ok(scene)
    }

    /// Waits until `holds`, at the longest for `limit`; returns how everything stands then, and
    /// whether it did hold.
    ///
    /// # Errors
    /// See [`StageError`].
    pub async fn until(
        &mut self,
        limit: Duration,
        mut holds: impl FnMut(&Scene) -> bool,
    ) -> Result<(Scene, bool), StageError> {
        let end = self.session.clock().elapsed().saturating_add(limit);
        loop {
            let scene = self.look()?;
            if holds(&scene) {
                return Ok((scene, true));
            }
            let left = end.saturating_sub(self.session.clock().elapsed());
            if left.is_zero() {
                return Ok((scene, false));
            }
            let frame = self.view.frame().unwrap_or(left);
            self.session.changed(left.min(frame)).await;
        }
    }
}
