//! An operator under way.

use flinkk8soperator_runtime::RunError;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::SessionError;

/// An operator's process. It ends when this is dropped.
pub struct Running {
    pub(super) name: String,
    pub(super) task: JoinHandle<Result<(), RunError>>,
    pub(super) shutdown: CancellationToken,
    /// Ends its connection.
    pub(super) cut: CancellationToken,
}

impl Running {
    /// What its requests name as their user agent. (Only [`Reach::InProcess`](super::Reach::InProcess).)
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// From now on nothing that it asks for happens, and no answer reaches it; it goes on. (Only
    /// [`Reach::InProcess`](super::Reach::InProcess).)
    pub fn cut_off(&self) {
        self.cut.cancel();
    }

    /// Ends it in order.
    ///
    /// # Errors
    /// If it had ended by itself, or does not end in time.
    pub async fn stop(mut self) -> Result<(), SessionError> {
        self.shutdown.cancel();
        self.ended().await
    }

    /// Whether it has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    pub(super) async fn ended(&mut self) -> Result<(), SessionError> {
        let ended = (&mut self.task).await;
        ended.map_err(SessionError::Panicked)?.map_err(SessionError::Operator)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.cut.cancel();
        self.shutdown.cancel();
    }
}
